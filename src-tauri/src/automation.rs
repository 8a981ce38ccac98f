//! Whoever drives the window sees what the patient sees and presses what the patient presses. Tests do; nothing else may.
//!
//! `tauri-runtime-wry` opens the webview to `WebDriver` when `TAURI_WEBVIEW_AUTOMATION` is set, in release builds too, and WebKitGTK
//! listens for a remote inspector on two variables of its own.

use std::fmt;

/// Variables that open a webview to a driver.
const DOORS: [&str; 3] = [
    "TAURI_WEBVIEW_AUTOMATION",
    "WEBKIT_INSPECTOR_SERVER",
    "WEBKIT_INSPECTOR_HTTP_SERVER",
];

/// A shipped app was started with its window opened to a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Carnet did not start: {} is set, which lets another program see and press everything in this window. \
             Your vault was not opened. Unset it and start Carnet again.",
            self.0
        )
    }
}

impl std::error::Error for Refused {}

/// Refuses to start a `shipped` (release) build that is opened to a driver.
///
/// # Errors
/// [`Refused`] names the variable.
pub fn check(shipped: bool, var: impl Fn(&str) -> Option<String>) -> Result<(), Refused> {
    match DOORS.into_iter().find(|name| shipped && open(var(name))) {
        Some(name) => Err(Refused(name)),
        None => Ok(()),
    }
}

/// A test drives this (never shipped) build.
#[must_use]
pub fn driven() -> bool {
    cfg!(debug_assertions) && open(std::env::var(DOORS[0]).ok())
}

fn open(value: Option<String>) -> bool {
    value.is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipped_app_refuses_every_driver() {
        for door in DOORS {
            let set = |name: &str| (name == door).then(|| "true".to_owned());
            assert_eq!(check(true, set), Err(Refused(door)));
            assert_eq!(check(false, set), Ok(()));
        }
        assert_eq!(check(true, |_| None), Ok(()));
        assert_eq!(check(true, |_| Some("false".to_owned())), Ok(()));
    }
}

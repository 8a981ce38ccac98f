//! What a crash leaves behind: no image of the memory, in which keys and records would stand.

/// From now on this process leaves no core dump. A shipped (release) build on Linux can't be read by other programs of the
/// same user either, which tests have to. Best effort: where the system doesn't know such a thing, nothing happens.
pub fn prevent() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(target_os = "linux")]
    if !cfg!(debug_assertions) {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

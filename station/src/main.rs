//! `carnet-station`: see the library of the same package.

fn main() -> std::process::ExitCode {
    carnet_station::cli::run()
}

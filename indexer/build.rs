//! A release build holds the web app, so it is made again when `app/dist` comes, changes or goes. Other
//! builds read that folder at run time.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../app/dist");
    }
}

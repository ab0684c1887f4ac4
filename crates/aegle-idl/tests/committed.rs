//! The committed IDL is what the program gives.

use std::process::Command;

#[test]
fn the_committed_idl_is_what_the_program_gives() {
    let output = Command::new(env!("CARGO_BIN_EXE_aegle-idl")).arg("--check").output().expect("the generator runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

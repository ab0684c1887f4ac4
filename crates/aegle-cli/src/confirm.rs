use std::io::{self, BufRead, IsTerminal, Write};

use clap::Args;

use crate::Problem;

/// For commands that cannot be undone.
#[derive(Args, Clone, Copy)]
pub struct Confirmation {
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Asks the person at the terminal. `consequence` says what will be and what will not come back.
    pub fn ask(self, consequence: &str) -> Result<(), Problem> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Problem::usage(
                "confirmation_needed",
                format!("{consequence} Nobody is at a terminal to confirm it, so nothing was done"),
                "Add --yes to do it without asking.",
            ));
        }
        let mut answer = String::new();
        let asked = write!(io::stderr(), "{consequence}\nType yes to go on: ")
            .and_then(|()| io::stderr().flush())
            .and_then(|()| io::stdin().lock().read_line(&mut answer));
        match asked {
            Ok(_) if answer.trim().eq_ignore_ascii_case("yes") => Ok(()),
            _ => Err(Problem::new(
                "not_confirmed",
                "You did not confirm it, so nothing was changed",
                "Run it again when you are sure.",
            )),
        }
    }
}

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{Answer, Cli, Problem};

#[derive(Args)]
#[command(after_help = "\
Examples:
  aegle completions bash > ~/.local/share/bash-completion/completions/aegle
  aegle completions zsh > ~/.zfunc/_aegle
  aegle completions fish > ~/.config/fish/completions/aegle.fish")]
pub struct CompletionsArgs {
    shell: Shell,
}

pub fn run(args: &CompletionsArgs) -> Result<Answer, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aegle", &mut script);
    Ok(Answer::plain("script", String::from_utf8_lossy(&script).into_owned()))
}

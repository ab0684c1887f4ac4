//! Generates `idl/aegle.json` from the program, or checks that the committed file is what the program
//! gives.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anchor_lang_idl::build::IdlBuilder;
use anyhow::{Context, Result, bail};
use clap::Parser;

/// The variable by which rustup chooses a toolchain. The builder would install what it names.
const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";
const TARGET_DIR: &str = "CARGO_TARGET_DIR";

#[derive(Parser)]
#[command(about = "Writes idl/aegle.json from the program's source")]
struct Args {
    /// Write nothing; fail when the committed file is not what the program gives
    #[arg(long)]
    check: bool,
    /// This process has the environment the builder needs
    #[arg(long, hide = true)]
    prepared: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // A process of its own, because the builder reads the environment of its process.
    if !args.prepared {
        return prepare();
    }
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("idl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn prepare() -> ExitCode {
    let status = env::current_exe().and_then(|program| {
        Command::new(program)
            .args(env::args_os().skip(1))
            .arg("--prepared")
            .env_remove(TOOLCHAIN)
            // A folder of its own: the builder's flags would evict everybody else's build.
            .env(TARGET_DIR, target_dir().join("idl"))
            .status()
    });
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("idl: this program cannot start itself again: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let file = root().join("idl/aegle.json");
    let generated = generate()?;
    if !args.check {
        fs::write(&file, generated).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("idl: wrote {}", file.display());
        return Ok(());
    }
    let committed = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if committed != generated {
        bail!(
            "{} is stale: the program says something else{}. Run `cargo run -p aegle-idl` and commit the file",
            file.display(),
            first_difference(&committed, &generated)
        );
    }
    eprintln!("idl: {} is what the program gives", file.display());
    Ok(())
}

/// The program's IDL as pretty JSON, everything in it sorted by name.
fn generate() -> Result<String> {
    eprintln!("idl: compiling the program to ask it for its interface (minutes when nothing is cached)");
    let idl = IdlBuilder::new()
        .program_path(root().join("programs/aegle"))
        .cargo_args(vec!["--lib".into(), "--locked".into()])
        .build()?;
    Ok(serde_json::to_string_pretty(&idl)? + "\n")
}

fn first_difference(committed: &str, generated: &str) -> String {
    committed
        .lines()
        .zip(generated.lines())
        .position(|(old, new)| old != new)
        .map_or_else(String::new, |line| format!(" from line {}", line + 1))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

fn target_dir() -> PathBuf {
    env::var_os(TARGET_DIR).map_or_else(|| root().join("target"), PathBuf::from)
}

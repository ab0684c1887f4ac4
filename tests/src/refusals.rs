//! Which refusals the program's tests have provoked: a file of the last run, one line each, which the
//! coverage test compares with what every instruction can raise.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
};

use aegle_client::PROGRAM_ID;
use serde::Deserialize;
use solana_instruction::Instruction;
use solana_instruction_error::InstructionError;
use solana_transaction_error::TransactionError;

/// An instruction's name and the code of an error it raised.
pub type Refusal = (String, u32);

const NAME: &str = "refusals";

#[derive(Deserialize)]
struct Idl {
    instructions: Vec<IdlInstruction>,
}

#[derive(Deserialize)]
struct IdlInstruction {
    name: String,
    discriminator: Vec<u8>,
}

/// Every instruction's name by its discriminator, as the IDL has them.
pub static INSTRUCTIONS: LazyLock<BTreeMap<Vec<u8>, String>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl/aegle.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let idl: Idl = serde_json::from_str(&text).expect("the IDL");
    idl.instructions.into_iter().map(|instruction| (instruction.discriminator, instruction.name)).collect()
});

/// Notes why the program refused one of `instructions`.
pub fn note(instructions: &[Instruction], error: &TransactionError) {
    static NOTED: LazyLock<Mutex<(BTreeSet<Refusal>, fs::File)>> = LazyLock::new(|| {
        let path = folder().join(format!("{NAME}-{}", std::process::id()));
        Mutex::new((BTreeSet::new(), fs::File::create(path).expect("the list of refusals")))
    });
    let TransactionError::InstructionError(place, InstructionError::Custom(code)) = error else {
        return;
    };
    let instruction = &instructions[usize::from(*place)];
    let name = instruction.data.get(..8).and_then(|discriminator| INSTRUCTIONS.get(discriminator));
    let Some(name) = name.filter(|_| instruction.program_id == PROGRAM_ID) else {
        return;
    };
    let (noted, file) = &mut *NOTED.lock().expect("the list of refusals");
    if noted.insert((name.clone(), *code)) {
        writeln!(file, "{name} {code}").expect("the list of refusals");
    }
}

/// What the last run of the program's tests provoked; none where there was none.
pub fn last_run() -> Option<BTreeSet<Refusal>> {
    let files = fs::read_dir(folder()).ok()?.flatten();
    let lists = files.filter(|file| file.file_name().to_string_lossy().starts_with(NAME));
    let newest = lists.max_by_key(|file| file.metadata().and_then(|data| data.modified()).ok())?;
    let text = fs::read_to_string(newest.path()).ok()?;
    let refusals = text.lines().filter_map(|line| {
        let (name, code) = line.split_once(' ')?;
        Some((name.to_owned(), code.parse().ok()?))
    });
    Some(refusals.collect())
}

/// Beside the test's program, so that checkouts and runs do not mix.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(NAME);
    fs::create_dir_all(&folder).expect("a folder for the list of refusals");
    folder
}

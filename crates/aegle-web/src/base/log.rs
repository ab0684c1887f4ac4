//! Who looked: a patient's log and an operator's whole log, believed only where they prove themselves.

use aegle_disclosure::{Audit, Checkpoint, Consistency, Digest, Entry, Inclusion, Log, Stated};
use aegle_exchange::disclosure::{Kept, Own};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    failure::Failure,
    value::{key, read, write},
};

#[derive(Serialize, Deserialize)]
struct Tree {
    size: u64,
    root: Digest,
}

impl From<Tree> for Stated {
    fn from(Tree { size, root }: Tree) -> Self {
        Self { size, root }
    }
}

fn log(verifier: &str) -> Result<Log, Failure> {
    verifier.parse().map_err(|_| Failure::argument("it is not the key of a log"))
}

/// Checks that what the server shows of a patient's log can be all of it, and gives its entries. A fault has the
/// code `log_fault`: something is missing, altered or was asked by nobody.
#[wasm_bindgen(js_name = checkLog, unchecked_return_type = "CheckedLog")]
pub fn check_log(
    vault: &str,
    #[wasm_bindgen(unchecked_param_type = "KeptLog")] kept: &JsValue,
) -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct Row<'a> {
        index: u64,
        number: u64,
        commitment: Digest,
        entry: &'a Entry,
    }
    #[derive(Serialize)]
    struct Checked<'a> {
        log: &'a str,
        tree: Tree,
        entries: Vec<Row<'a>>,
    }
    let kept: Kept = read("the log", kept)?;
    let Own { entries, checkpoint, log, .. } =
        kept.check(key("the vault", vault)?)?.map_err(|fault| Failure::new("log_fault", fault.to_string()))?;
    let Stated { size, root } = checkpoint.tree;
    let entries = entries.iter().map(|logged| Row {
        index: logged.index,
        number: logged.link.number,
        commitment: logged.commitment(),
        entry: logged.entry.value(),
    });
    write(&Checked { log: &log.origin, tree: Tree { size, root }, entries: entries.collect() })
}

/// What a signed checkpoint says. `verifier` is the log's key as C2SP writes it.
#[wasm_bindgen(js_name = readCheckpoint, unchecked_return_type = "CheckpointSaid")]
pub fn read_checkpoint(verifier: &str, note: &str) -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct Said<'a> {
        log: &'a str,
        tree: Tree,
        heads: Digest,
    }
    let log = log(verifier)?;
    let checkpoint = log.read(note).map_err(|error| Failure::new("log_fault", error.to_string()))?;
    let Checkpoint { tree: Stated { size, root }, heads } = checkpoint;
    write(&Said { log: &log.origin, tree: Tree { size, root }, heads })
}

/// Whether a tree with `root` has an entry where the proof says.
#[wasm_bindgen(js_name = proves)]
pub fn proves(
    #[wasm_bindgen(unchecked_param_type = "InclusionProof")] proof: &JsValue,
    commitment: &str,
    root: &str,
) -> Result<bool, Failure> {
    Ok(read::<Inclusion>("the proof", proof)?.proves(&digest(commitment)?, &digest(root)?))
}

/// Whether a tree with the root `after` begins with all entries of the one with the root `before`.
#[wasm_bindgen(js_name = provesExtension)]
pub fn proves_extension(
    #[wasm_bindgen(unchecked_param_type = "ConsistencyProof")] proof: &JsValue,
    before: &str,
    after: &str,
) -> Result<bool, Failure> {
    Ok(read::<Consistency>("the proof", proof)?.proves(&digest(before)?, &digest(after)?))
}

fn digest(hex: &str) -> Result<Digest, Failure> {
    hex.parse().map_err(|_| Failure::argument("it is not 32 bytes in hex"))
}

/// Compares an operator's whole log with everything that was stated of it, page by page in bounded memory.
#[wasm_bindgen]
pub struct LogAudit(Option<Audit>);

#[wasm_bindgen]
impl LogAudit {
    /// `stated` is what the chain and checkpoints say of it.
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(unchecked_param_type = "LogTree[]")] stated: &JsValue) -> Result<Self, Failure> {
        let stated: Vec<Tree> = read("what was stated", stated)?;
        Ok(Self(Some(Audit::new(stated.into_iter().map(Stated::from).collect()).map_err(fault)?)))
    }

    /// The next page of `GET /v1/log/leaves`.
    pub fn push(&mut self, #[wasm_bindgen(unchecked_param_type = "Hex[]")] leaves: &JsValue) -> Result<(), Failure> {
        let leaves: Vec<Digest> = read("the leaves", leaves)?;
        let mut audit = self.0.take().ok_or_else(|| Failure::argument("the audit is over"))?;
        for leaf in &leaves {
            audit.push(leaf).map_err(fault)?;
        }
        self.0 = Some(audit);
        Ok(())
    }

    /// Ends the log. Gives how many entries it has.
    pub fn finish(&mut self) -> Result<f64, Failure> {
        let audit = self.0.take().ok_or_else(|| Failure::argument("the audit is over"))?;
        Ok(audit.finish().map_err(fault)?.size() as f64)
    }
}

fn fault(fault: aegle_disclosure::AuditFault) -> Failure {
    Failure::new("log_fault", fault.to_string())
}

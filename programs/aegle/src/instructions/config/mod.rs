mod init_config;
mod set_pause;

pub use init_config::*;
pub use set_pause::*;

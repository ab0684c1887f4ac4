mod anchor_audit_root;

pub use anchor_audit_root::*;

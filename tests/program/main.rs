//! The program in the virtual machine, one file per instruction.

mod figures;

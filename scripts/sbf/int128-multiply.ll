; The 128-bit multiplication that LLVM 23 calls, with the product returned in registers.
;
; Rust before 1.99 compiles its own __multi3 to return through a pointer; a caller that passes none
; makes it write into read-only memory at run time. This one has the convention the caller expects
; and, being strong, wins over the weak symbol of solana-compiler-builtins.
;
; Schoolbook multiplication on 32-bit halves: (ah·2^32 + al)(bh·2^32 + bl), plus the cross terms of
; the high words modulo 2^128.
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"

define i128 @__multi3(i128 %a, i128 %b) noinline nounwind {
entry:
  %a.low = trunc i128 %a to i64
  %a.shift = lshr i128 %a, 64
  %a.high = trunc i128 %a.shift to i64
  %b.low = trunc i128 %b to i64
  %b.shift = lshr i128 %b, 64
  %b.high = trunc i128 %b.shift to i64

  %al = and i64 %a.low, 4294967295
  %ah = lshr i64 %a.low, 32
  %bl = and i64 %b.low, 4294967295
  %bh = lshr i64 %b.low, 32

  %ll = mul i64 %al, %bl
  %hl = mul i64 %ah, %bl
  %lh = mul i64 %al, %bh
  %hh = mul i64 %ah, %bh

  %ll.carry = lshr i64 %ll, 32
  %middle = add i64 %hl, %ll.carry
  %middle.low = and i64 %middle, 4294967295
  %middle.high = lshr i64 %middle, 32
  %cross = add i64 %lh, %middle.low
  %cross.high = lshr i64 %cross, 32
  %cross.low = shl i64 %cross, 32
  %ll.low = and i64 %ll, 4294967295
  %low = or i64 %cross.low, %ll.low

  %high.0 = add i64 %hh, %middle.high
  %high.1 = add i64 %high.0, %cross.high
  %term.0 = mul i64 %a.high, %b.low
  %term.1 = mul i64 %a.low, %b.high
  %high.2 = add i64 %high.1, %term.0
  %high.3 = add i64 %high.2, %term.1

  %low.wide = zext i64 %low to i128
  %high.wide = zext i64 %high.3 to i128
  %high.shifted = shl i128 %high.wide, 64
  %product = or i128 %high.shifted, %low.wide
  ret i128 %product
}

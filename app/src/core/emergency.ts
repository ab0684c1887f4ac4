import type * as Wasm from './pkg/aegle_web';

/** What custodians have released of one record's key. */
export interface Released {
  record: string;
  shares: number;
  /** How many are needed; 0 where nothing was released. */
  threshold: number;
  isEnough: boolean;
}

/** What was released to a clinician, as the server has it, for one opening. */
export interface Shares {
  breakGlass: string;
  released: Wasm.ReleasedShare[];
}

/** How far custodians are, record by record. */
export function collected(
  wasm: typeof Wasm,
  keys: Wasm.SecretKeys,
  { breakGlass, released }: Shares,
  records: readonly string[],
): Released[] {
  return records.map((record) => {
    const own = new wasm.CollectedShares(released, breakGlass, record, keys);
    const { shares, threshold, isEnough } = own;
    own.free();
    return { record, shares, threshold, isEnough };
  });
}

/** Begins to open a record whose whole ciphertext is at hand, by the shares of its key. */
export function openingByShares(
  wasm: typeof Wasm,
  keys: Wasm.SecretKeys,
  { breakGlass, released }: Shares,
  held: Wasm.HeldRecord,
  account: Wasm.RpcAccount,
  ciphertext: Uint8Array,
): Wasm.RecordOpening {
  const own = new wasm.CollectedShares(released, breakGlass, held.record, keys);
  try {
    return own.open(held, account, ciphertext);
  } finally {
    own.free();
  }
}

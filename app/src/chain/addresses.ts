import { type Address, getProgramDerivedAddress, getUtf8Encoder } from '@solana/kit';
import { AEGLE_PROGRAM_ADDRESS, findConfigPda } from '@/program/generated';

/** Accounts that every instruction of the program names. */
export interface Fixed {
  config: Address;
  eventAuthority: Address;
  program: Address;
}

let found: Promise<Fixed> | undefined;

/** Looked up once: the program's configuration, and the key that its events are signed with. */
export function fixed(): Promise<Fixed> {
  found ??= (async () => {
    const seeds = [getUtf8Encoder().encode('__event_authority')];
    const [[config], [eventAuthority]] = await Promise.all([
      findConfigPda(),
      getProgramDerivedAddress({ programAddress: AEGLE_PROGRAM_ADDRESS, seeds }),
    ]);
    return { config, eventAuthority, program: AEGLE_PROGRAM_ADDRESS };
  })();
  return found;
}

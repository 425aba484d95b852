// Leaves that a receiver must not seal, each sealed all the same in a block whose roots, hashes, work and signatures are in order; and what
// verify and watch must say of it. Only who applies the registry and checks each signature again can see them.

import { utf8, viewOf } from '@telltale/ledger';
import { enrolmentLeaf, firstUseLeaf, revocationLeaf } from '../../../ledger/src/testing/registry-leaves.ts';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';
import { ADDED_AT_US, addedReading, withBlockOf } from './forged-leaves.ts';
import { DEVICE, DEVICE_KEY, LEDGER_KEY, makeLedger, ORIGIN, type SmallLedger } from './small-ledger.ts';

export interface LeafAttack {
  readonly what: string;
  readonly forged: SmallLedger;
  readonly code: string;
  /** Of the leaf in its block: 0 is the block's first. */
  readonly place: number;
  /** What a person must read in the verdict. */
  readonly words: string;
}

/** Blocks 1 and 2 hold leaves 0 to 6; the attack is in block 3, from leaf 7 on. */
export const honest = makeLedger({ blocks: 2, perBlock: 3 });
export const ATTACKED_BLOCK = 3;
export const FIRST_ADDED_LEAF = honest.size;

const OTHER_DEVICE = 'Raspberry Pi 2';
const stranger = testKey(9);
const other = testKey(10);
const at = { origin: ORIGIN, receivedAtUs: ADDED_AT_US };
const otherEnrolled = firstUseLeaf({ key: other.key, devices: [OTHER_DEVICE], receivedAtUs: ADDED_AT_US });
const revoked = revocationLeaf({ authority: 'admin', by: LEDGER_KEY, keyId: DEVICE_KEY.key.keyId, ...at });
/** A reading of block 1, as it stands there but for the time of its receipt (bytes 2 to 9). */
const sealedAgain = Uint8Array.from(honest.builder.blocks[1]?.leaves[1] ?? new Uint8Array(0));
viewOf(sealedAgain).setBigUint64(2, BigInt(ADDED_AT_US));
const possession = `telltale-possession-v1\n${ORIGIN}\n${'5a'.repeat(32)}\n${'5a'.repeat(32)}\n`;

const attack = (what: string, leaves: readonly Uint8Array[], found: Pick<LeafAttack, 'code' | 'place' | 'words'>) => ({
  what,
  forged: withBlockOf(honest, leaves),
  ...found,
});

export const LEAF_ATTACKS: readonly LeafAttack[] = [
  attack('a reading signed by a key that was revoked before', [revoked, addedReading()], {
    code: 'key-revoked',
    place: 1,
    words: 'The key that stands here had been revoked before',
  }),
  attack('a reading signed by a key that was never enrolled', [addedReading({ by: stranger })], {
    code: 'key-unknown',
    place: 0,
    words: 'had not been enrolled in this ledger',
  }),
  attack(
    'a reading signed by a key that belongs to another device',
    [otherEnrolled, addedReading({ by: other, device: DEVICE })],
    { code: 'device-not-enrolled', place: 1, words: 'somebody wrote a reading in the name of another device' },
  ),
  attack(
    'a reading in the name of a key that did not sign it',
    [addedReading({ by: { ...DEVICE_KEY, sign: stranger.sign } })],
    { code: 'signature', place: 0, words: 'What stands here is not what was signed' },
  ),
  attack(
    'a reading that is received before the one before it',
    [addedReading({ receivedAtUs: ADDED_AT_US - 61_000_000 })],
    {
      code: 'received-at',
      place: 0,
      words: 'Time goes backwards: by its own account the ledger received this transaction before',
    },
  ),
  attack(
    'a reading that was received after its block was made',
    [addedReading({ receivedAtUs: ADDED_AT_US + 2_000_000 })],
    {
      code: 'timestamp',
      place: 0,
      words: 'Time goes backwards: the block says that it was made before something that stands before it',
    },
  ),
  attack('a reading of an earlier block that is sealed a second time', [addedReading(), sealedAgain], {
    code: 'transaction-twice',
    place: 1,
    words: 'One reading stands in the log twice',
  }),
  attack(
    'an enrolment with a forged proof of possession',
    [enrolmentLeaf({ authority: 'token', by: LEDGER_KEY, subject: other, possessor: stranger, devices: ['x'], ...at })],
    { code: 'signature', place: 0, words: 'proof of possession is wrong' },
  ),
  attack(
    'an enrolment that nobody with the right to it signed',
    [
      enrolmentLeaf({
        authority: 'token',
        by: { ...LEDGER_KEY, sign: stranger.sign },
        subject: stranger,
        devices: ['x'],
        ...at,
      }),
    ],
    { code: 'signature', place: 0, words: 'the signature of whoever enrols the key is wrong' },
  ),
  attack('a possession text posted as a reading', [addedReading({ message: possession })], {
    code: 'message-invalid',
    place: 0,
    words: 'A text that is no reading stands in the log as one',
  }),
  attack(
    'a possession text posted as an enrolment',
    [firstUseLeaf({ key: other.key, devices: [], receivedAtUs: ADDED_AT_US, message: utf8(possession) })],
    { code: 'registry-message', place: 0, words: 'An enrolment or revocation is not as a receiver writes it' },
  ),
];

// Every command of the program, in the order of its help. Each is loaded when it is called for, so that none pays for what another needs.

import type { Command } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'Show the idea in a terminal: sign, seal, change a byte, and see who notices.',
    load: async () => (await import('./demo/demo-command.ts')).demoCommand,
  },
  {
    name: 'verify',
    summary: 'Check a whole ledger: every signature, key, hash, block, time and number.',
    load: async () => (await import('./verify/verify-command.ts')).verifyCommand,
  },
  {
    name: 'check-proof',
    summary: 'Check offline that a reading is sealed and is what its device signed.',
    load: async () => (await import('./proof/check-proof-command.ts')).checkProofCommand,
  },
  {
    name: 'watch',
    summary: 'Follow a ledger and notice when it changes its history.',
    load: async () => (await import('./watch/watch-command.ts')).watchCommand,
  },
  {
    name: 'export',
    summary: 'Save a ledger’s export, to be verified offline.',
    load: async () => (await import('./export-command.ts')).exportCommand,
  },
  {
    name: 'import',
    summary: 'Make an export a ledger again, in an empty database: everything is checked anew.',
    load: async () => (await import('./import/import-command.ts')).importCommand,
  },
  {
    name: 'recover',
    summary: 'Bring a ledger whose database is lost back from the ring that keeps its blocks.',
    load: async () => (await import('./recover/recover-command.ts')).recoverCommand,
  },
  {
    name: 'prove',
    summary: 'Save the proof that a reading is sealed (a C2SP tlog-proof).',
    load: async () => (await import('./proof/prove-command.ts')).proveCommand,
  },
  {
    name: 'keygen',
    summary: 'Make a key: <file> for its owner alone, <file>.pub to give away.',
    load: async () => (await import('./keys/keygen-command.ts')).keygenCommand,
  },
  {
    name: 'invite',
    summary: 'Make a one-time token with which a device enrols its key.',
    load: async () => (await import('./keys/invite-command.ts')).inviteCommand,
  },
  {
    name: 'enrol',
    summary: 'Enrol a key for devices, with a token.',
    load: async () => (await import('./keys/enrol-command.ts')).enrolCommand,
  },
  {
    name: 'rotate',
    summary: 'Replace an enrolled key by a new one, vouched for by the old.',
    load: async () => (await import('./keys/rotate-command.ts')).rotateCommand,
  },
  {
    name: 'revoke',
    summary: 'Revoke a key: nothing that it signs is accepted any more.',
    load: async () => (await import('./keys/revoke-command.ts')).revokeCommand,
  },
];

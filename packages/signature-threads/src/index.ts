// The public face: the threads that check signatures, and what checks one fast.

export { BatchChecker } from './check-batch.ts';
export { createFastVerifier } from './fast-verifier.ts';
export { NONE_WRONG, type PackedBatch, packBatch } from './packed-batch.ts';
export { SignatureThreads, SignatureThreadsError, withSignatureThreads } from './signature-threads.ts';

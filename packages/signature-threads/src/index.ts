// The public face: the threads that check signatures, and what checks one fast.

export { createFastVerifier } from './fast-verifier.ts';
export { SignatureThreads, SignatureThreadsError, withSignatureThreads } from './signature-threads.ts';

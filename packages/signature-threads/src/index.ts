// The public face of the threads that check signatures.

export { SignatureThreads, SignatureThreadsError, withSignatureThreads } from './signature-threads.ts';

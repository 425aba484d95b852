// Names that the compiler keeps apart: a Hash is not a KeyId, though both are 32 bytes.

declare const brand: unique symbol;

/** A `Base` that only its own parser or constructor may make. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

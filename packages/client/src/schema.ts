// The receiver's API as types, made from services/receiver/openapi.json by openapi-typescript: `npm run openapi` renews both.

export interface paths {
    "/get_chain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole chain
         * @description Every block with the readings that it seals, as they were signed. Streamed, whatever its length.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All blocks, the first one first. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChainBlock"][];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `overloaded` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/validate_chain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Validate the whole chain
         * @description Recomputes every signature, hash, root and link from the stored bytes and names the first block and leaf that is wrong.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was found. A chain that is not valid is a 200 too. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ValidationReport"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `overloaded` or `stopping` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/nonce": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A nonce to sign */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is good for one enrolment, rotation or revocation. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Nonce"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `overloaded` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enrol a key */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    /**
                     * @example {
                     *       "token": "one-time-token",
                     *       "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
                     *       "devices": [
                     *         "fridge"
                     *       ],
                     *       "nonce": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
                     *       "possession": "c2lnbmF0dXJl"
                     *     }
                     */
                    "application/json": {
                        /** @description ENROLLMENT_TOKEN, or a one-time token of /v1/invites. */
                        token: string;
                        /** @description SubjectPublicKeyInfo DER, base64. */
                        public_key: string;
                        /** @description What the key is to speak for. */
                        devices: string[];
                        /** @description From /v1/keys/nonce; used once. */
                        nonce: string;
                        /** @description The key’s signature over the text that enrols it. */
                        possession: string;
                    };
                };
            };
            responses: {
                /** @description The key may speak for these devices from this leaf on. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Enrolled"];
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-refused`. */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-conflict`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rotate a key */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description SHA-256 over the SubjectPublicKeyInfo DER of the key, hexadecimal. */
                    key_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    /**
                     * @example {
                     *       "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
                     *       "devices": [
                     *         "fridge"
                     *       ],
                     *       "nonce": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
                     *       "possession": "c2lnbmF0dXJl",
                     *       "signature": "c2lnbmF0dXJl"
                     *     }
                     */
                    "application/json": {
                        /** @description The new key. */
                        public_key: string;
                        /** @description What the new key is to speak for: all of it what the old one speaks for. */
                        devices: string[];
                        nonce: string;
                        /** @description The new key’s signature. */
                        possession: string;
                        /** @description The old key’s signature over the text that enrols the new one. */
                        signature: string;
                        /** @description The old key’s signature over the text that revokes it with the reason "rotated". */
                        retirement?: string;
                    };
                };
            };
            responses: {
                /** @description The new key may speak for these devices from this leaf on. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Rotated"];
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-refused`. */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `key-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-conflict`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke a key
         * @description By an operator with ADMIN_TOKEN as bearer token, or by the key itself with nonce and signature.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description SHA-256 over the SubjectPublicKeyInfo DER of the key, hexadecimal. */
                    key_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    /**
                     * @example {
                     *       "reason": "lost"
                     *     }
                     */
                    "application/json": {
                        reason: string;
                        nonce: string;
                        signature: string;
                    } | {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The leaf that revokes it. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Revoked"];
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-authorized`. */
                401: {
                    headers: {
                        /** @description The scheme of the token (RFC 6750). */
                        "www-authenticate"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-refused`. */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `key-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `enrolment-conflict`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the registry says of a key */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description SHA-256 over the SubjectPublicKeyInfo DER of the key, hexadecimal. */
                    key_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The key. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Key"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `key-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a one-time token */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    /**
                     * @example {
                     *       "devices": [
                     *         "fridge"
                     *       ],
                     *       "expires_in_s": 3600
                     *     }
                     */
                    "application/json": {
                        /** @description What it may be used for; without, for any device. */
                        devices?: string[];
                        /**
                         * @description Seconds.
                         * @default 86400
                         */
                        expires_in_s?: number;
                    };
                };
            };
            responses: {
                /** @description Whoever has it may enrol one key with it. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Invited"];
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-authorized`. */
                401: {
                    headers: {
                        /** @description The scheme of the token (RFC 6750). */
                        "www-authenticate"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who this ledger is
         * @description Its name and key, and its newest published block. Whom to trust a verifier must know from elsewhere.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The ledger. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Ledger"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/readings/{transaction_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One transaction
         * @description A reading, or a leaf of the registry, by its transaction id; of another ledger where only a plugin of this receiver finds it.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /**
                     * @description Of a reading: SHA-256 over the key id and the message. Of a registry leaf: its leaf hash.
                     * @example 6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40
                     */
                    transaction_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The transaction. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Reading"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `reading-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/readings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readings in the order of the log
         * @description Paged: while there may be more, `Link` names the next page. A page ends early where its readings are large.
         */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description Only the sealed readings of this device.
                     * @example Raspberry Pi 1
                     */
                    device?: string;
                    /** @description received_at of the first reading or later, microseconds since the Unix epoch. */
                    from?: number;
                    /** @description received_at before this time. */
                    to?: number;
                    /** @description The leaf index behind which the page begins. */
                    after?: number;
                    /** @description Items of the page, at most; 100 where it is not given. */
                    limit?: number;
                    /** @description 1: each sealed reading comes with its proof. */
                    proof?: "0" | "1";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of readings. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        /** @description `<…>; rel="next"` (RFC 8288), while there may be more: the next page. */
                        link?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Readings"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/readings/{transaction_id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Proof that a transaction is sealed
         * @description Checks offline with the ledger’s key alone. It does not show that the key was not revoked before: an export does. 409 with code "pending" while no published checkpoint covers it.
         */
        get: {
            parameters: {
                query?: {
                    /** @description What the Accept header says otherwise; text where it says nothing. */
                    format?: "text" | "json";
                };
                header?: never;
                path: {
                    /**
                     * @description Of a reading: SHA-256 over the key id and the message. Of a registry leaf: its leaf hash.
                     * @example 6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40
                     */
                    transaction_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The proof. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                        "application/json": components["schemas"]["Proof"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `reading-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `pending`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The path between two sizes of the log
         * @description Sizes are numbers of leaves, from ≤ to, not past the published checkpoint; `to` is its size where it is not given.
         */
        get: {
            parameters: {
                query: {
                    /** @description The smaller size. */
                    from: number;
                    /** @description The larger size. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The path. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Consistency"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `pending`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole ledger, or its newest blocks, or its readings as a table
         * @description Streamed. As JSON Lines everything that `telltale verify` needs: without its checkpoint at the end it is not whole, and with `from_block` it begins at a later block, for who follows the ledger; it is never filtered, for a part of a block proves nothing. As CSV the published readings, of a device and a time where they are named. 409 for a block behind the one that comes next; 503 while too many are under way.
         */
        get: {
            parameters: {
                query?: {
                    /** @description jsonl: the ledger, for `telltale verify`. csv: its readings, for people and spreadsheets; it proves nothing. */
                    format?: "jsonl" | "csv";
                    /** @description Of jsonl alone: the first block of the export; blocks before it are left out, so only who has verified them can verify the rest. The number of blocks itself gives no block, only ledger and checkpoint. */
                    from_block?: number;
                    /**
                     * @description Of csv alone: only the readings of this device.
                     * @example Raspberry Pi 1
                     */
                    device?: string;
                    /** @description Of csv alone: received_at of the first reading or later, microseconds since the Unix epoch. */
                    from?: number;
                    /** @description Of csv alone: received_at before this time. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description JSON Lines, or CSV. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/jsonl": string;
                        "text/csv": string;
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `pending`. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `overloaded` or `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest checkpoint
         * @description Size and root of the log at its newest published block, signed by the ledger’s key (C2SP tlog-checkpoint).
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A signed note. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tile/{level}/{rest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hashes of the log
         * @description Up to 256 hashes of a tile level, as C2SP tlog-tiles has them.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /**
                     * @description Tile level, 0 to 63.
                     * @example 0
                     */
                    level: string;
                    /** @description Index in groups of three digits, all but the last after an x, and .p/ with the width of a partial tile. */
                    rest: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The tile. Bundles of entries that are too large for one piece come as a stream, and without ETag. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `tile-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tile/entries/{rest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Leaves of the log
         * @description Up to 256 leaves, each after its length as uint16, as C2SP tlog-tiles has them.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Index in groups of three digits, all but the last after an x, and .p/ with the width of a partial tile. */
                    rest: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The tile. Bundles of entries that are too large for one piece come as a stream, and without ETag. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": string;
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `tile-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `not-cosigned` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All devices
         * @description In the order of their names’ bytes. Where there are more, `Link: <…>; rel="next"` leads to them.
         */
        get: {
            parameters: {
                query?: {
                    /** @description The last device of the page before. */
                    after?: string;
                    /** @description Items of the page, at most; 100 where it is not given. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of devices. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        /** @description `<…>; rel="next"` (RFC 8288), while there may be more: the next page. */
                        link?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Devices"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/devices/{device}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One device
         * @description Its gaps and duplicates, its keys and its clock. A name is percent-encoded; names with a dot alone go by the list.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /**
                     * @description Its name.
                     * @example Raspberry Pi 1
                     */
                    device: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The device. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Device"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `device-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sealed blocks, the newest first
         * @description Where there are older ones, `Link: <…>; rel="next"` leads to them.
         */
        get: {
            parameters: {
                query?: {
                    /** @description The block before which the page begins; without, it begins at the newest. */
                    before?: number;
                    /** @description Items of the page, at most; 20 where it is not given. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of blocks. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        /** @description `<…>; rel="next"` (RFC 8288), while there may be more: the next page. */
                        link?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Blocks"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/blocks/{block}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One sealed block */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /**
                     * @description Index, or hash.
                     * @example 20
                     */
                    block: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The block. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Block"];
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `block-not-found`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/receive_data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receive signed readings
         * @description Verifies every signature and answers once the readings are durable: all of the request, or none of it.
         */
        post: {
            parameters: {
                query?: {
                    /** @description Answers once the readings are in a block, with its index; after 30 s without. */
                    wait?: "sealed";
                    /** @description quorum: answered once the readings are durable on other machines too; 503 where that takes too long, although they are durable here. 400 without a plugin that keeps them there. */
                    ack?: "local" | "quorum";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "device": "Swagger example",
                     *           "distance": 120,
                     *           "timestamp": 1767225600
                     *         },
                     *         "signature": "Zg4NtNQTm5LemKguSaJMpCWSNB0Ut2jCz0wWssYBrCTbhAGVwoTl+EWJkqYy9xU8Wsb6RcStjhA7rzPOifLYAA==",
                     *         "public_key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAYBoVIbvmGDPmKVuIVJigNm0CtKv3okcR65xLVnCkxlA=\n-----END PUBLIC KEY-----\n"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["EnvelopeInput"][] | components["schemas"]["EnvelopeInput"];
                };
            };
            responses: {
                /** @description All readings are durable. The same message gets the same receipt again. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "success";
                            message: string;
                            /** @description One for each envelope, in order. */
                            receipts: components["schemas"]["Receipt"][];
                        };
                    };
                };
                /** @description Code `body-malformed` or `envelopes-refused` or `quorum-unavailable` or `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `envelopes-forbidden`. */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `body-too-large` or `envelope-too-large` or `too-many-envelopes`. */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `content-type-unsupported`. */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
                /** @description Code `overloaded` or `not-stored` or `not-replicated` or `stopping` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlainError"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sealed blocks as they come
         * @description Server-sent events, without end. A client that reconnects goes on behind the event whose id it names; an event may come twice, none is left out.
         */
        get: {
            parameters: {
                query?: {
                    /** @description message: the events have no name of their own, so they come as `message`, the only ones that many clients listen for. Without, they are named `block`. */
                    event?: "message";
                    /** @description The last block that is known already; the stream begins behind it. The header Last-Event-ID goes before. Without, it begins with the next block that is sealed. */
                    last_event_id?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Events. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description Code `request-invalid`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `overloaded` or `stopping` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/witness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This witness, and what it cosigned and refused of each log */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The witness. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WitnessReport"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/wot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What this receiver is to the Web of Things
         * @description A W3C Thing Description 1.1: what can be read, done and followed, with the forms that do it.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The Thing Description. */
                200: {
                    headers: {
                        /** @description With it as If-None-Match, the same answer is a 304 without a body. */
                        etag?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/td+json": {
                            "@context": string[];
                            id: string;
                            title: string;
                        } & {
                            [key: string]: unknown;
                        };
                    };
                };
                /** @description What the ETag names is the answer still. */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It answers. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ok";
                        };
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the receiver can do its work: database, migrations, sealer */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It can. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not-ready";
                            /** @enum {string} */
                            database: "ok" | "unavailable";
                            /**
                             * @description newer: a newer version has migrated the database, and this one goes on. unknown: the database is away.
                             * @enum {string}
                             */
                            migrations: "current" | "newer" | "behind" | "unknown";
                            /**
                             * @description standing-by: another receiver of this ledger seals. failing: its last turn failed; the log says why.
                             * @enum {string}
                             */
                            sealer: "sealing" | "standing-by" | "failing";
                        };
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description It cannot now. */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not-ready";
                            /** @enum {string} */
                            database: "ok" | "unavailable";
                            /**
                             * @description newer: a newer version has migrated the database, and this one goes on. unknown: the database is away.
                             * @enum {string}
                             */
                            migrations: "current" | "newer" | "behind" | "unknown";
                            /**
                             * @description standing-by: another receiver of this ledger seals. failing: its last turn failed; the log says why.
                             * @enum {string}
                             */
                            sealer: "sealing" | "standing-by" | "failing";
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the receiver and its plugins count */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Prometheus text format. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Code `not-authorized`. */
                401: {
                    headers: {
                        /** @description The scheme of the token (RFC 6750). */
                        "www-authenticate"?: string;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/add-checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask this witness to cosign a checkpoint (C2SP tlog-witness)
         * @description 409 with text/x.tlog.size names the size cosigned last.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            /** @description `old <size>`, the lines of a consistency path, an empty line, and the checkpoint. */
            requestBody: {
                content: {
                    /**
                     * @example old 0
                     *
                     *     example.org/ledger
                     *     42
                     *     PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
                     *
                     *     — example.org/ledger c2lnbmF0dXJlIG9mIHRoZSBsZWRnZXI=
                     */
                    "text/plain": string;
                };
            };
            responses: {
                /** @description Cosigned. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Code `checkpoint-malformed`. */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `checkpoint-untrusted`. */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `log-unknown`. */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Another size was cosigned last. */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/x.tlog.size": string;
                    };
                };
                /** @description Code `body-too-large`. */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `checkpoint-inconsistent`. */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `internal`. */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Code `overloaded` or `database-unavailable`. */
                503: {
                    headers: {
                        /** @description Seconds after which it may succeed. */
                        "retry-after"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        EnvelopeInput: {
            /** @description The reading: any JSON object; or many readings of one device under one signature: an array of objects, or a SenML pack (RFC 8428). Its bytes, as they stand here, are what is signed. */
            data: {
                [key: string]: unknown;
            } | {
                [key: string]: unknown;
            }[];
            /** @description Canonical base64 of the signature over the bytes of data. */
            signature: string;
            /** @description PEM of an Ed25519, ECDSA P-256 or RSA (PSS) public key. */
            public_key: string;
        };
        PlainError: {
            /** @constant */
            status: "error";
            message: string;
            errors: {
                /** @description Place of the item in the request, from 0; null: the request as a whole. */
                position: number | null;
                code: string;
                message: string;
            }[];
        };
        Problem: {
            /** @description about:blank: `code` says which kind of problem it is. */
            type: string;
            /** @description The status in words. */
            title: string;
            status: number;
            /** @description What is wrong here and what helps, for people. */
            detail: string;
            /** @description Stable, for programs. */
            code: string;
        };
        /**
         * @example {
         *       "leaf_index": 41,
         *       "path": [
         *         "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c"
         *       ],
         *       "checkpoint": "example.org/ledger\n42\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n— example.org/ledger c2lnbmF0dXJlIG9mIHRoZSBsZWRnZXI=\n",
         *       "leaf": "AQEABki8lZ0gQA==",
         *       "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
         *     }
         */
        Proof: {
            leaf_index: number;
            /** @description Inclusion path, nearest sibling first, hexadecimal. */
            readonly path: string[];
            /** @description C2SP signed note of the checkpoint that the path leads to. */
            checkpoint: string;
            /** @description Base64. */
            leaf: string;
            /** @description SubjectPublicKeyInfo DER of the key that signed the leaf, base64. */
            public_key: string;
        };
        /**
         * @example {
         *       "from": 41,
         *       "to": 42,
         *       "path": [
         *         "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c"
         *       ]
         *     }
         */
        Consistency: {
            from: number;
            to: number;
            /** @description Consistency path, hexadecimal; empty where from is 0 or to. */
            path: string[];
        };
        /**
         * @example {
         *       "device": "Raspberry Pi 1",
         *       "readings": 17,
         *       "last_seq": 18,
         *       "gaps": [
         *         {
         *           "from": 7,
         *           "to": 9
         *         }
         *       ],
         *       "gap_count": 1,
         *       "missing": 2,
         *       "duplicates": 0,
         *       "keys": [
         *         {
         *           "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *           "from_leaf": 0,
         *           "revoked_leaf": null
         *         }
         *       ],
         *       "key_in_force": [
         *         "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
         *       ],
         *       "first_seen_at": 1767225600123456,
         *       "last_seen_at": 1767225640123456,
         *       "last_device_time": 1767225640000000,
         *       "clock_offset_ms": -123,
         *       "is_clock_off": false
         *     }
         */
        Device: {
            device: string;
            /** @description Sealed readings. Pending ones do not count yet, here and below. A list of readings counts as many as it has sequence numbers, at least one. */
            readings: number;
            /** @description The highest sequence number. */
            last_seq: number | null;
            /** @description Sequence numbers that no reading has, between the first and the last; the newest gaps, at most 10 in a list. */
            gaps: {
                from: number;
                /** @description The first number after the gap. */
                to: number;
            }[];
            /** @description All gaps, also those that are not shown. */
            gap_count: number;
            /** @description Numbers in all gaps. Not a proof of loss: only the device knows whether it ever used them. */
            missing: number;
            /** @description Readings whose number another reading of the device has. */
            duplicates: number;
            keys: {
                key_id: string;
                /** @description The leaf that enrolled the key for the device. */
                from_leaf: number;
                revoked_leaf: number | null;
            }[];
            /** @description Key ids that may speak for the device now. */
            key_in_force: string[];
            /** @description When the receiver took its first reading, in microseconds. */
            first_seen_at: number | null;
            /** @description When the receiver took its newest reading, in microseconds. */
            last_seen_at: number | null;
            /** @description What the device’s own clock said: `timestamp` of its newest reading that has one, or of a SenML pack the absolute time of its last record; in microseconds. */
            last_device_time: number | null;
            /** @description That device time less the received time of the same reading. Negative: a slow clock, or a late reading. */
            clock_offset_ms: number | null;
            /** @description Whether the offset, either way, is above CLOCK_TOLERANCE_MS. */
            is_clock_off: boolean;
        };
        /**
         * @example {
         *       "devices": [
         *         {
         *           "device": "Raspberry Pi 1",
         *           "readings": 17,
         *           "last_seq": 18,
         *           "gaps": [
         *             {
         *               "from": 7,
         *               "to": 9
         *             }
         *           ],
         *           "gap_count": 1,
         *           "missing": 2,
         *           "duplicates": 0,
         *           "keys": [
         *             {
         *               "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *               "from_leaf": 0,
         *               "revoked_leaf": null
         *             }
         *           ],
         *           "key_in_force": [
         *             "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
         *           ],
         *           "first_seen_at": 1767225600123456,
         *           "last_seen_at": 1767225640123456,
         *           "last_device_time": 1767225640000000,
         *           "clock_offset_ms": -123,
         *           "is_clock_off": false
         *         }
         *       ]
         *     }
         */
        Devices: {
            devices: components["schemas"]["Device"][];
        };
        /**
         * @example {
         *       "block_index": 20,
         *       "hash": "00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1",
         *       "previous_hash": "004ac6ad0fa7e624bd49359f1f6689610557f43b6bb1ca3835ecd6acb8472981",
         *       "sealed_at": 1767225601000000,
         *       "log_root": "3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac",
         *       "log_size": 42,
         *       "first_leaf": 40,
         *       "readings": 2,
         *       "difficulty": 2,
         *       "nonce": "117",
         *       "signature": "c2lnbmF0dXJl"
         *     }
         */
        Block: {
            block_index: number;
            hash: string;
            previous_hash: string;
            /** @description Microseconds since the Unix epoch. */
            sealed_at: number;
            log_root: string;
            /** @description Leaves of the log up to and including this block’s. */
            log_size: number;
            /** @description Index of its first leaf; its leaves end before log_size. */
            first_leaf: number;
            /** @description Leaves that are readings; the others are of the registry. */
            readings: number;
            /** @description Leading zero hexadecimal digits that the hash must have. */
            difficulty: number;
            /** @description Decimal digits: it has 64 bits, more than a number of JSON is sure to hold. */
            nonce: string;
            /** @description The ledger’s signature over the hash, base64. */
            signature: string;
        };
        /**
         * @example {
         *       "blocks": [
         *         {
         *           "block_index": 20,
         *           "hash": "00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1",
         *           "previous_hash": "004ac6ad0fa7e624bd49359f1f6689610557f43b6bb1ca3835ecd6acb8472981",
         *           "sealed_at": 1767225601000000,
         *           "log_root": "3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac",
         *           "log_size": 42,
         *           "first_leaf": 40,
         *           "readings": 2,
         *           "difficulty": 2,
         *           "nonce": "117",
         *           "signature": "c2lnbmF0dXJl"
         *         }
         *       ]
         *     }
         */
        Blocks: {
            blocks: components["schemas"]["Block"][];
        };
        ChainBlock: {
            /** @description Seconds since the Unix epoch. */
            timestamp: number;
            index: number;
            data: "Genesis Block" | ({
                [key: string]: unknown;
            } | {
                [key: string]: unknown;
            }[])[];
            nonce: number;
            hash: string;
            "previous hash": string;
            merkle_root: string;
            log_size: number;
            difficulty: number;
        };
        /**
         * @example {
         *       "nonce": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
         *       "expires_at": 1767226200000000
         *     }
         */
        Nonce: {
            nonce: string;
            /** @description Microseconds since the Unix epoch. */
            expires_at: number;
        };
        /**
         * @example {
         *       "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *       "devices": [
         *         "fridge"
         *       ],
         *       "leaf_index": 41
         *     }
         */
        Enrolled: {
            key_id: string;
            devices: string[];
            leaf_index: number;
        };
        /**
         * @example {
         *       "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *       "devices": [
         *         "fridge"
         *       ],
         *       "leaf_index": 41,
         *       "revoked_leaf": null
         *     }
         */
        Rotated: {
            key_id: string;
            devices: string[];
            leaf_index: number;
            /** @description The leaf that retires the old key. */
            revoked_leaf: number | null;
        };
        /**
         * @example {
         *       "leaf_index": 42
         *     }
         */
        Revoked: {
            leaf_index: number;
        };
        /**
         * @example {
         *       "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *       "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
         *       "devices": [
         *         {
         *           "device": "fridge",
         *           "leaf_index": 41
         *         }
         *       ],
         *       "own_device": "7a1c9e0d2b3f4a5c",
         *       "leaf_index": 41,
         *       "revoked_leaf": null
         *     }
         */
        Key: {
            key_id: string;
            /** @description SubjectPublicKeyInfo DER, base64. */
            public_key: string;
            devices: {
                device: string;
                /** @description The leaf that enrolled the key for it. */
                leaf_index: number;
            }[];
            /** @description The device of readings that name none. */
            own_device: string;
            /** @description The leaf that enrolled it first. */
            leaf_index: number;
            revoked_leaf: number | null;
        };
        /**
         * @example {
         *       "token": "kq3Vn8…",
         *       "expires_at": 1767312000000000
         *     }
         */
        Invited: {
            /** @description Said once, and kept as a hash. */
            token: string;
            /** @description Microseconds since the Unix epoch. */
            expires_at: number;
        };
        /**
         * @example {
         *       "origin": "example.org/ledger",
         *       "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
         *       "key_id": "06f8a7e2bd0ed2f0b02c6f2a8a7b3a2cbb3d8a2d6f1a6f0a5e4b3c2d1e0f9a8b",
         *       "lane": "06f8a7e2bd0ed2f0b02c6f2a",
         *       "verifier_key": "example.org/ledger+4f2b1c3d+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
         *       "head": {
         *         "index": 20,
         *         "hash": "00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1",
         *         "log_size": 42,
         *         "log_root": "3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac",
         *         "timestamp": 1767225601000000
         *       },
         *       "mode": "strict",
         *       "plugins": [
         *         "peering"
         *       ]
         *     }
         */
        Ledger: {
            origin: string;
            /** @description SubjectPublicKeyInfo DER of the ledger’s Ed25519 key, base64. */
            public_key: string;
            key_id: string;
            /** @description The first 12 bytes of the key id, hexadecimal. */
            lane: string;
            /** @description The same key as C2SP verifier key, for --key. */
            verifier_key: string;
            /** @description The newest block that the published checkpoint covers. */
            head: {
                index: number;
                hash: string;
                log_size: number;
                log_root: string;
                /** @description Microseconds since the Unix epoch. */
                timestamp: number;
            };
            /**
             * @description open: a new key is recorded at its first use. strict: keys are enrolled first.
             * @enum {string}
             */
            mode: "open" | "strict";
            /** @description Plugins of this receiver, by name; `peering` has the routes of the ring. */
            plugins: string[];
        };
        /**
         * @example {
         *       "transaction_id": "6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40",
         *       "leaf_index": 41,
         *       "leaf_hash": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
         *       "kind": "reading",
         *       "device": "Raspberry Pi 1",
         *       "seq": 17,
         *       "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *       "algorithm": "ed25519",
         *       "received_at": 1767225600123456,
         *       "signature": "c2lnbmF0dXJl",
         *       "state": "sealed",
         *       "block_index": 20,
         *       "sealed_at": 1767225601000000,
         *       "clock_offset": -123456,
         *       "data": {
         *         "device": "Raspberry Pi 1",
         *         "seq": 17,
         *         "distance": 120,
         *         "timestamp": 1767225600
         *       }
         *     }
         * @example {
         *       "transaction_id": "6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40",
         *       "leaf_index": 41,
         *       "leaf_hash": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
         *       "kind": "reading",
         *       "device": "Raspberry Pi 1",
         *       "seq": 17,
         *       "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *       "algorithm": "ed25519",
         *       "received_at": 1767225600123456,
         *       "signature": "c2lnbmF0dXJl",
         *       "state": "sealed",
         *       "block_index": 20,
         *       "sealed_at": 1767225601000000,
         *       "clock_offset": -123456,
         *       "data": [
         *         {
         *           "bn": "pi1/",
         *           "bt": 1767225600,
         *           "bu": "Cel",
         *           "device": "Raspberry Pi 1",
         *           "seq": 17,
         *           "n": "temperature",
         *           "t": -10,
         *           "v": 21.5
         *         },
         *         {
         *           "n": "temperature",
         *           "v": 21.6
         *         }
         *       ],
         *       "resolved": [
         *         {
         *           "name": "pi1/temperature",
         *           "unit": "Cel",
         *           "value": 21.5,
         *           "time": 1767225590000000
         *         },
         *         {
         *           "name": "pi1/temperature",
         *           "unit": "Cel",
         *           "value": 21.6,
         *           "time": 1767225600000000
         *         }
         *       ]
         *     }
         */
        Reading: {
            /**
             * @description Of a reading: SHA-256 over the key id and the message. Of a registry leaf: its leaf hash.
             * @example 6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40
             */
            transaction_id: string;
            leaf_index: number;
            /** @description SHA-256(0x00 ‖ leaf), hexadecimal. */
            leaf_hash: string;
            /** @enum {string} */
            kind: "reading" | "key-enrolled" | "key-revoked";
            /** @description The key’s own device where the reading names none; null for registry leaves. */
            device: string | null;
            /** @description Of a list: the last sequence number in it. */
            seq: number | null;
            key_id: string;
            /** @description Null: a first use, which nobody signed. */
            algorithm: ("ed25519" | "ecdsa-p256" | "rsa-pss") | null;
            /** @description The receiver’s clock when it was accepted, microseconds since the Unix epoch. */
            received_at: number;
            /** @description Base64. */
            signature: string;
            /** @enum {string} */
            state: "pending" | "sealed";
            block_index: number | null;
            /** @description Timestamp of its block, microseconds since the Unix epoch. */
            sealed_at: number | null;
            /** @description The time that the reading says less received_at, in microseconds; null where it says none. */
            clock_offset: number | null;
            /** @description Where data is an array: what it measured, one by one and in its order. The records of a SenML pack, resolved (RFC 8428); of a list of readings each member that is a number, a string or a boolean. Null for a pack that is broken. */
            resolved?: {
                name: string;
                unit?: string;
                value?: number;
                string?: string;
                boolean?: boolean;
                /** @description Bytes, as base64url. */
                data?: string;
                /** @description The integral of the value over time. */
                sum?: number;
                /** @description Microseconds since the Unix epoch; received_at where the message says none. */
                time: number;
                /** @description Seconds until the device will report again, at most. */
                update_time_s?: number;
            }[] | null;
            /** @description Where resolved is null: why. It is a signed reading all the same. */
            unresolved?: {
                code: string;
                message: string;
            };
            /** @description The message, byte for byte as it was signed. */
            data: {
                [key: string]: unknown;
            } | {
                [key: string]: unknown;
            }[];
            /** @description Of the ledger that holds it, where that is another one. */
            origin?: string;
        };
        /**
         * @example {
         *       "readings": [
         *         {
         *           "transaction_id": "6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40",
         *           "leaf_index": 41,
         *           "leaf_hash": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
         *           "kind": "reading",
         *           "device": "Raspberry Pi 1",
         *           "seq": 17,
         *           "key_id": "7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
         *           "algorithm": "ed25519",
         *           "received_at": 1767225600123456,
         *           "signature": "c2lnbmF0dXJl",
         *           "state": "sealed",
         *           "block_index": 20,
         *           "sealed_at": 1767225601000000,
         *           "clock_offset": -123456,
         *           "data": {
         *             "device": "Raspberry Pi 1",
         *             "seq": 17,
         *             "distance": 120,
         *             "timestamp": 1767225600
         *           },
         *           "proof": {
         *             "leaf_index": 41,
         *             "path": [
         *               "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c"
         *             ],
         *             "checkpoint": "example.org/ledger\n42\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n— example.org/ledger c2lnbmF0dXJlIG9mIHRoZSBsZWRnZXI=\n",
         *             "leaf": "AQEABki8lZ0gQA==",
         *             "public_key": "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
         *           }
         *         }
         *       ]
         *     }
         */
        Readings: {
            readings: {
                /**
                 * @description Of a reading: SHA-256 over the key id and the message. Of a registry leaf: its leaf hash.
                 * @example 6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40
                 */
                transaction_id: string;
                leaf_index: number;
                /** @description SHA-256(0x00 ‖ leaf), hexadecimal. */
                leaf_hash: string;
                /** @enum {string} */
                kind: "reading" | "key-enrolled" | "key-revoked";
                /** @description The key’s own device where the reading names none; null for registry leaves. */
                device: string | null;
                /** @description Of a list: the last sequence number in it. */
                seq: number | null;
                key_id: string;
                /** @description Null: a first use, which nobody signed. */
                algorithm: ("ed25519" | "ecdsa-p256" | "rsa-pss") | null;
                /** @description The receiver’s clock when it was accepted, microseconds since the Unix epoch. */
                received_at: number;
                /** @description Base64. */
                signature: string;
                /** @enum {string} */
                state: "pending" | "sealed";
                block_index: number | null;
                /** @description Timestamp of its block, microseconds since the Unix epoch. */
                sealed_at: number | null;
                /** @description The time that the reading says less received_at, in microseconds; null where it says none. */
                clock_offset: number | null;
                /** @description Where data is an array: what it measured, one by one and in its order. The records of a SenML pack, resolved (RFC 8428); of a list of readings each member that is a number, a string or a boolean. Null for a pack that is broken. */
                resolved?: {
                    name: string;
                    unit?: string;
                    value?: number;
                    string?: string;
                    boolean?: boolean;
                    /** @description Bytes, as base64url. */
                    data?: string;
                    /** @description The integral of the value over time. */
                    sum?: number;
                    /** @description Microseconds since the Unix epoch; received_at where the message says none. */
                    time: number;
                    /** @description Seconds until the device will report again, at most. */
                    update_time_s?: number;
                }[] | null;
                /** @description Where resolved is null: why. It is a signed reading all the same. */
                unresolved?: {
                    code: string;
                    message: string;
                };
                /** @description The message, byte for byte as it was signed. */
                data: {
                    [key: string]: unknown;
                } | {
                    [key: string]: unknown;
                }[];
                /** @description With proof=1; null while no proof can be made. */
                proof?: components["schemas"]["Proof"] | null;
            }[];
        };
        /**
         * @example {
         *       "transaction_id": "6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40",
         *       "leaf_index": 41,
         *       "leaf_hash": "0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
         *       "received_at": 1767225600123456,
         *       "seal_by": 1767225660123456,
         *       "position": 0,
         *       "count": 1,
         *       "path": [],
         *       "signature": "c2lnbmF0dXJl"
         *     }
         */
        Receipt: {
            transaction_id: string;
            leaf_index: number;
            leaf_hash: string;
            /** @description Microseconds since the Unix epoch. */
            received_at: number;
            /** @description The time by which the reading will be in a block; 0: none promised. */
            seal_by: number;
            position: number;
            count: number;
            readonly path: string[];
            signature: string;
            /** @description With wait=sealed: the block that holds the reading. */
            block_index?: number;
        };
        /**
         * @example {
         *       "status": "success",
         *       "valid": true,
         *       "message": "The chain of 21 blocks is valid up to block 20",
         *       "blocks": 21,
         *       "leaves": 42,
         *       "readings": 40,
         *       "devices": 2,
         *       "keys": 2,
         *       "pending": 0,
         *       "fault": null
         *     }
         */
        ValidationReport: {
            /** @constant */
            status: "success";
            valid: boolean;
            message: string;
            /** @description Blocks that are sound, genesis included. */
            blocks: number;
            leaves: number;
            readings: number;
            devices: number;
            keys: number;
            /** @description Leaves that are accepted and not in a block yet; they are checked too. */
            pending: number;
            fault: {
                code: string;
                message: string;
                /** @description The first block that is wrong; null: not in a block. */
                block_index: number | null;
                /** @description The first leaf that is wrong; null: the block itself. */
                leaf_index: number | null;
            } | null;
        };
        /**
         * @example {
         *       "name": "witness.example",
         *       "verifier_key": "witness.example+4f2b1c3d+BNddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1E",
         *       "logs": [
         *         {
         *           "origin": "example.org/ledger",
         *           "size": 0,
         *           "checkpoint": null,
         *           "forks": 0,
         *           "rollbacks": 0,
         *           "unproven": 0
         *         }
         *       ]
         *     }
         */
        WitnessReport: {
            name: string;
            /** @description C2SP verifier key: what a log needs to count the cosignatures. */
            verifier_key: string;
            logs: {
                origin: string;
                /** @description Of the newest checkpoint cosigned; 0: none yet. */
                size: number;
                checkpoint: string | null;
                /** @description Refused: another root at a size that was cosigned. Proof against the log. */
                forks: number;
                /** @description Refused: smaller than the newest. An old checkpoint sent again looks the same. */
                rollbacks: number;
                /** @description Refused: larger, but not shown to extend the newest. */
                unproven: number;
            }[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

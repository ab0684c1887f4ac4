export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is alive. */
        get: operations["get_health"];
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
        /** Metrics of the process in Prometheus' text format. */
        get: operations["get_metrics"];
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
        /** Whether it answers: 503 while the database cannot be reached or the mirror is behind. */
        get: operations["get_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/token/record.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public metadata that every record token points to. */
        get: operations["get_token_metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a patient is asked, or what the caller asks. */
        get: operations["list_access_requests"];
        put?: never;
        /**
         * Asks a patient to allow something. Whether there is such a patient is not said.
         * @description The same request again is the same one for as long as it is open.
         */
        post: operations["create_access_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/access-requests/{vault}/{request}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Withdraws a request, or lays it aside: the requester does, or the patient. */
        delete: operations["delete_access_request"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The server's agent as the caller's vault knows it. For the owner alone: whoever knew the keys of other vaults
         *     could see on the chain who uses the agent.
         */
        get: operations["get_agent_key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/app": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the web app needs to know of this server. */
        get: operations["get_app"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/audit-roots/{audit_root}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An anchored root. */
        get: operations["get_audit_root"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/break-glass/{break_glass}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An emergency opening. */
        get: operations["get_break_glass"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/consents/{consent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A consent. */
        get: operations["get_consent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Credentials, suspended, revoked and expired ones included, by address. */
        get: operations["list_credentials"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/credentials/{credential}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A credential. */
        get: operations["get_credential"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events in ledger order, from the first or after a cursor. The cursor is durable: kept by the
         *     caller, it continues where it was, whenever.
         */
        get: operations["list_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/operators/{operator}/audit-roots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The anchored roots of an operator's disclosure log, newest first. An operator that anchored none has an
         *     empty list.
         */
        get: operations["list_audit_roots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/records/{record}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A record, the versions before and after it, and the transaction of every change. */
        get: operations["get_chain_record"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/recoveries/{recovery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A recovery. */
        get: operations["get_recovery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/registrars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The registrars, removed ones included, by address. */
        get: operations["list_registrars"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/registrars/{registrar}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A registrar. */
        get: operations["get_registrar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far the mirror has come. Answers however far it is behind. */
        get: operations["get_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Final events in ledger order as they come, each once, as server-sent events.
         * @description Each message is an event as in `/v1/chain/events`, and its `id` a cursor: sent back as
         *     `Last-Event-ID` it continues right after, at any process of the deployment, whenever. Only final
         *     events are given, and none is ever taken back. What a backfill adds below the position of a stream
         *     does not come on it.
         *
         *     The first block and every heartbeat hold an id without data: how far the stream is. `paused` (data:
         *     `code` and `detail` as in a problem) says that nothing is given for now, since the mirror is behind
         *     or its database away; `resumed` that it continues. When the server ends, or cannot go on, it ends the
         *     stream and says in `retry` when to come back.
         */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The vaults of a wallet, by address. */
        get: operations["list_vaults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A vault. */
        get: operations["get_vault"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}/break-glass": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The emergency openings of a vault, expired and reviewed ones included, by address. */
        get: operations["list_break_glass"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}/consents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The consents of a vault, revoked and expired ones included, by address. */
        get: operations["list_chain_consents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}/delegates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The delegates of a vault, removed ones included, by address. */
        get: operations["list_delegates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The records of a vault, every version and erased ones included, by address. */
        get: operations["list_chain_records"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chain/vaults/{vault}/recoveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The recoveries of a vault, vetoed, executed and lapsed ones included, by address. */
        get: operations["list_recoveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/consents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The openings of a patient's consents: all for the patient, a grantee's own for the grantee. */
        get: operations["list_consents"];
        put?: never;
        /**
         * Keeps what opens a consent, without which it permits nothing here.
         * @description The same again has the same answer. Another opening of the consent is refused.
         */
        post: operations["create_consent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/consents/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shows what a policy would open, by the rules that decide once it is granted. */
        post: operations["draft_consent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/custodian-shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who keeps a share of which record's key. */
        get: operations["list_dealt_shares"];
        put?: never;
        /** Stores shares of content keys, those of a record in the place of its earlier ones. */
        post: operations["deal_shares"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/custodians": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who keeps shares for emergencies. Whether the vault allows any is on the chain. */
        get: operations["get_plan"];
        /** Keeps who keeps shares, in the place of what was said before: every share dealt by that ends. */
        put: operations["put_plan"];
        post?: never;
        /** Ends the plan and every share that was dealt. What custodians released before stays released. */
        delete: operations["delete_plan"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/disclosures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything that was decided about the patient's records, refusals included, in its order. Reading it
         *     joins it.
         */
        get: operations["list_disclosures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/disclosures/accounting": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * To whom the patient's data was disclosed within six years, as 45 CFR 164.528 asks for: JSON, CSV or PDF
         *     by `Accept`. Asking joins the patient's log.
         * @description What the server states here, the patient's program can check: `aegle disclosure account` makes the same of
         *     entries that prove themselves.
         */
        get: operations["get_accounting"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/disclosures/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows that nothing of a patient's log is missing: where it ends, under a signed checkpoint. */
        get: operations["get_head"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/emergencies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was opened in a vault of the caller's in emergencies, by whom and why; or what the caller opened. */
        get: operations["list_emergencies"];
        put?: never;
        /**
         * Opens records in an emergency: keeps the clinician's signed statement, and has the relay commit to it on
         *     chain, confirmed. Only then custodians release anything. The same statement again is the same opening.
         */
        post: operations["open_emergency"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/emergencies/{break_glass}/shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What custodians released to the caller for an opening, while it is in effect. */
        get: operations["collect_shares"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/endings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Contents that the operator will store no longer, each with the time until which the patient can fetch it.
         *     For the vault's owner.
         */
        get: operations["list_endings"];
        put?: never;
        post?: never;
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
         * What the patient is told as it happens, each once and in order, as server-sent events.
         * @description The `id` is the notice's number: sent back as `Last-Event-ID`, the stream continues right after it, and
         *     with 0 it begins with the first. Without one it begins with what comes next. Who may no longer read
         *     it, or whose session has ended, sees it end.
         */
        get: operations["stream_notices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a grantee would see, and which consent, rule and exception says so. For the patient alone. */
        get: operations["get_explanation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/guardian-shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The shares that the caller keeps as a guardian, or was given to take a vault over. */
        get: operations["list_guardian_shares"];
        put?: never;
        /** Hands the caller's share, encrypted anew, to the new owner that a recovery on chain names. */
        post: operations["hand_guardian_share"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Legal holds on what is the patient's, in force and lifted, in no order of time. For the vault's owner. */
        get: operations["list_holds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the patient is told, newest first. */
        get: operations["list_notices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/inbox/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Marks notices as read, for the caller alone: what a delegate has read is new to the patient still. */
        post: operations["mark_read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keyrings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's keyrings of a vault, the newest first. */
        get: operations["list_keyrings"];
        put?: never;
        /** Stores the keyring of a key epoch, in the place of an earlier one. */
        post: operations["create_keyring"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The log of disclosures: its key and its newest checkpoint. */
        get: operations["get_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows that a log of some size begins with what it was before (RFC 9162, section 2.1.4). */
        get: operations["get_consistency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows that the log has an entry (RFC 9162, section 2.1.3). */
        get: operations["get_inclusion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/leaves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The leaves of the log, for whoever computes its root anew. */
        get: operations["list_leaves"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/sign-ins/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What entries of the log name by its digest: the text that a wallet signed to sign in, which names the
         *     key of the requests.
         */
        get: operations["get_sign_in"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mailbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits in a mailbox, or what the caller posted and nobody took. */
        get: operations["list_items"];
        put?: never;
        /**
         * Posts a result to a patient. The sender needs a credential in effect.
         * @description The same request again has the same answer for as long as the item waits.
         */
        post: operations["post_item"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mailbox/{vault}/{item}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an item out of the mailbox: a record was made of it, or it is not wanted. */
        delete: operations["delete_item"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mailbox/{vault}/{item}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a record's content of an item. The patient does, or a delegate with the right to mint, which
         *     need not be able to read it. The same request again has the same answer.
         */
        post: operations["accept_item"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mailbox/{vault}/{item}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ciphertext of an item. */
        get: operations["get_item_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/patients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The patients who let the caller read something, for the purpose stated. */
        get: operations["list_patients"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/profiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Names that people show, as registrars attest them: by a search, or of some accounts.
         * @description Whoever shows a name to somebody checks that the account on chain commits to it.
         */
        get: operations["list_profiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/profiles/{account}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Shows everybody the profile that a credential or registrar commits to.
         * @description Whom it is about does so, or the registrar who attests it.
         */
        put: operations["put_profile"];
        post?: never;
        /** Shows it no more. */
        delete: operations["delete_profile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/receipts/{index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the own request came to, where it was permitted: the entry behind a receipt. */
        get: operations["get_receipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The records of a patient that are open to the caller. */
        get: operations["list_records"];
        put?: never;
        /**
         * Stores a record's content. It is served once the record is on chain with the commitment that the
         *     labels open; unclaimed by a record it is removed.
         * @description The same request again has the same answer. Another content for the record is refused.
         */
        post: operations["create_record"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/records/{record}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One record that is open to the caller. */
        get: operations["get_record"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/records/{record}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ciphertext of a record, or a range of it.
         * @description The decision is made again while it is sent: a confirmed revocation ends the download.
         */
        get: operations["get_content"];
        /**
         * Puts a record's content, encrypted anew, in the place of the old ciphertext, unless a legal hold keeps that.
         *     Every key of the old one ends with it. The manifest, and so the commitment, stay as they are. The same request again has the
         *     same answer.
         */
        put: operations["replace_content"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/records/{record}/erasure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far the erasure of a record is: what was destroyed here, and when. For the vault's owner. */
        get: operations["get_erasure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/relay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the relay signs and up to where it pays. */
        get: operations["get_relay"];
        put?: never;
        /**
         * Pays for a transaction and sends it.
         * @description It is simulated first and refused where it would fail. Sent again, the same transaction answers what
         *     became of it.
         */
        post: operations["relay_transaction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/relay/{signature}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What became of a transaction that the relay sent for the caller. */
        get: operations["get_relayed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Openings in effect of records of which the caller, a custodian, keeps shares that it has not released. */
        get: operations["list_releases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/releases/{break_glass}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's shares of the records that an opening in effect names. */
        get: operations["fetch_shares"];
        put?: never;
        /** Gives the caller's shares, encrypted to the clinician, for an opening in effect. */
        post: operations["release_shares"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The sessions of the caller.
         * @description A practitioner who acts for an organization sees the own ones; the organization, signed in alone, all
         *     of its wallet.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /** Ends every session of the caller, at once, this one too. */
        delete: operations["end_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a session of the caller, at once. */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/renew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts the end of the session that asks off. */
        post: operations["renew_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answers a challenge and begins a session. */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for a text to sign. It names the key that will sign the session's requests.
         * @description An organization signs in together with the practitioner who acts for it; both sign the same text,
         *     which names both. The challenge can be answered once, within minutes. Any number may be asked for, and
         *     none ends another.
         */
        post: operations["ask_challenge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's subscriptions to a vault, oldest first, all on one page. */
        get: operations["list_subscriptions"];
        put?: never;
        /**
         * Has the caller told elsewhere what the patient is told from now on: the owner, or a delegate with the
         *     right to read, for as long as they are.
         */
        post: operations["create_subscription"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/subscriptions/{vault}/{subscription}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a subscription of the caller's. */
        delete: operations["delete_subscription"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/subscriptions/{vault}/{subscription}/confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shows that an email address is the caller's: what happens from now on is told there. */
        post: operations["confirm_subscription"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins an upload of encrypted contents. */
        post: operations["create_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{upload}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Gives an upload up. What a record or a mailbox item has claimed is no upload any more. */
        delete: operations["cancel_upload"];
        options?: never;
        /** How far an upload is. */
        head: operations["find_upload"];
        /**
         * Adds bytes to an upload, at the place where it goes on.
         * @description All bytes of the request are taken, or none. Where an answer did not come, ask how far the upload is.
         *     Of several requests for one place, one is taken.
         */
        patch: operations["append_upload"];
        trace?: never;
    };
    "/v1/wraps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has or had which content key of the patient's records, and what they already got. A key that was
         *     given to somebody who lost it, without the content, is worth encrypting the content anew.
         */
        get: operations["list_wraps"];
        put?: never;
        /** Stores content keys, each in the place of an earlier one for the same recipient. */
        post: operations["create_wraps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/wraps/pending": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The content keys that are to be encrypted: to the vault's key where it changed, and to grantees to
         *     whom something is open that they cannot decrypt yet.
         */
        get: operations["list_pending_wraps"];
        put?: never;
        post?: never;
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
        /** @description Makes a record of an item: its content, labels and key become the record's, and the item is gone. */
        Acceptance: {
            /** @description Of the record that is or will be minted with the item's commitment. */
            record_id: components["schemas"]["Digest"];
        };
        AcceptedItem: {
            /** @description The commitment that the record on chain has to have. */
            commitment: components["schemas"]["Digest"];
            record: components["schemas"]["Address"];
        };
        /** @description A request that waits for the patient. */
        AccessRequest: {
            /** Format: int32 */
            actions: number;
            message?: null | components["schemas"]["Base64_4096"];
            practitioner?: null | components["schemas"]["Address"];
            /** Format: int32 */
            purposes: number;
            request: components["schemas"]["Digest"];
            requested_at: components["schemas"]["Time"];
            requester: components["schemas"]["Address"];
            vault: components["schemas"]["Address"];
        };
        /**
         * @description What a grantee may do.
         * @enum {string}
         */
        ActionName: "read" | "annotate" | "contribute" | "export" | "compute";
        /** @description Address of an account, or a key, 32 bytes in base58. */
        Address: string;
        /** @description The key by which the server's agent acts for one vault. */
        AgentKey: {
            /** @description Whether it is a delegate of the vault now; else it is the one to add, with the right to mint alone. */
            in_effect: boolean;
            key: components["schemas"]["Address"];
        };
        /** @description One thing. */
        Answer_AcceptedItem: {
            data: {
                /** @description The commitment that the record on chain has to have. */
                commitment: components["schemas"]["Digest"];
                record: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_AccessRequest: {
            /** @description A request that waits for the patient. */
            data: {
                /** Format: int32 */
                actions: number;
                message?: null | components["schemas"]["Base64_4096"];
                practitioner?: null | components["schemas"]["Address"];
                /** Format: int32 */
                purposes: number;
                request: components["schemas"]["Digest"];
                requested_at: components["schemas"]["Time"];
                requester: components["schemas"]["Address"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_AgentKey: {
            /** @description The key by which the server's agent acts for one vault. */
            data: {
                /** @description Whether it is a delegate of the vault now; else it is the one to add, with the right to mint alone. */
                in_effect: boolean;
                key: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_AuditRoot: {
            /** @description What an operator's disclosure log was when it was anchored. */
            data: {
                anchored: components["schemas"]["Transaction"];
                audit_root: components["schemas"]["Address"];
                /** @description Root over the head of every vault's chain of entries. */
                heads: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description Zero for the operator's first, one more for each.
                 */
                index: number;
                /** @description Who keeps the log, and signed. */
                operator: components["schemas"]["Address"];
                rent_payer: components["schemas"]["Address"];
                /** @description Merkle tree hash of those entries (RFC 9162, section 2.1.1). */
                root: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description Entries of the log.
                 */
                tree_size: number;
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_BreakGlass: {
            /** @description That records of a vault were opened in an emergency. It names no clinician and permits nothing alone. */
            data: {
                break_glass: components["schemas"]["Address"];
                break_glass_id: components["schemas"]["Digest"];
                /** @description SHA-256 over a 32-byte salt and the clinician's signed statement. */
                commitment: components["schemas"]["Digest"];
                /** @description First second no more in effect. */
                expires_at: components["schemas"]["Time"];
                /**
                 * @description Whether it has not expired in the state that `meta` names, at `meta.evaluated_at`; false where the
                 *     mirror lacks the time of the slot, to tell.
                 */
                in_effect: boolean;
                /** @description The key that submitted it is a relay's, never the clinician's. */
                opened: components["schemas"]["Change"];
                rent_payer: components["schemas"]["Address"];
                reviewed?: null | components["schemas"]["Change"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Confirmed: {
            data: {
                subscription: components["schemas"]["SubscriptionId"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Consent: {
            /** @description A patient's permission for one grantee, whom the handle names only to who holds its opening. */
            data: {
                actions: components["schemas"]["ActionName"][];
                consent: components["schemas"]["Address"];
                /** Format: int64 */
                consent_epoch: number;
                consent_id: components["schemas"]["Digest"];
                /** @description First day in effect and first day no more. */
                from: components["schemas"]["Day"];
                granted: components["schemas"]["Change"];
                handle: components["schemas"]["Digest"];
                /**
                 * @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`: an upper bound, since
                 *     the policy is not on the chain. No decision to disclose may rest on this alone.
                 */
                in_effect: boolean;
                /** @description SHA-256 over a 32-byte salt and the policy, which may narrow what stands here. */
                policy_commitment: components["schemas"]["Digest"];
                purposes: components["schemas"]["PurposeCode"][];
                reason?: null | components["schemas"]["Reason"];
                rent_payer: components["schemas"]["Address"];
                revoked?: null | components["schemas"]["Change"];
                until: components["schemas"]["Day"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Credential: {
            /** @description A registrar's attestation of who a key belongs to. Names are in a profile that it signs off chain. */
            data: {
                /** @description The last renewal or change of status; without any, the issue. */
                changed: components["schemas"]["Change"];
                credential: components["schemas"]["Address"];
                /** @description Whether the subject may open records in an emergency. */
                emergency: boolean;
                /** @description X25519 public key to which content is wrapped for the subject. */
                encryption_key: components["schemas"]["Digest"];
                /** @description First day valid and first day no more. */
                from: components["schemas"]["Day"];
                /** @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`. */
                in_effect: boolean;
                issued: components["schemas"]["Change"];
                kind: components["schemas"]["CredentialKind"];
                /** @description SHA-256 over a 32-byte salt and the profile that the registrar signed. */
                profile_commitment: components["schemas"]["Digest"];
                reason?: null | components["schemas"]["CredentialReason"];
                registrar: components["schemas"]["Address"];
                rent_payer: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description One more for each change.
                 */
                revision: number;
                status: components["schemas"]["CredentialStatus"];
                subject: components["schemas"]["Address"];
                until: components["schemas"]["Day"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_DraftPreview: {
            /** @description What a policy would open now. */
            data: {
                /** @description SHA-256 over that text. */
                hash: components["schemas"]["Digest"];
                /** @description The very text whose hash goes into the policy. */
                preview: string;
                /** @description The records that it would open. */
                records: components["schemas"]["Address"][];
                /**
                 * Format: int64
                 * @description How many others there are.
                 */
                withheld: number;
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Explained: {
            /** @description What a grantee would see now, record by record. */
            data: Record<string, never>;
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_HeldConsent: {
            /** @description What opens a consent, and what the chain says of it. */
            data: {
                consent: components["schemas"]["Address"];
                consent_id: components["schemas"]["Digest"];
                encryption_key: components["schemas"]["Digest"];
                grantee: components["schemas"]["Address"];
                /** @description Whether it is on chain, confirmed, with the handle and the policy that these open. */
                opened: boolean;
                policy: string;
                policy_salt: components["schemas"]["Digest"];
                /** @description Whether it was revoked on chain. */
                revoked: boolean;
                salt: components["schemas"]["Digest"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_HeldRecord: {
            /** @description A record that the caller may read. */
            data: {
                consent?: null | components["schemas"]["Address"];
                key: components["schemas"]["KeyState"];
                minted_at: components["schemas"]["Time"];
                /** Format: int64 */
                minted_slot: number;
                opening: components["schemas"]["LabelsOpening"];
                previous?: null | components["schemas"]["Address"];
                record: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description Bytes of ciphertext.
                 */
                size: number;
                status: components["schemas"]["RecordStatus"];
                vault: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description 1 for an original, one more for each amendment.
                 */
                version: number;
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_MailboxItem: {
            /** @description A result that waits to become a record. */
            data: {
                item: components["schemas"]["Digest"];
                opening: components["schemas"]["LabelsOpening"];
                posted_at: components["schemas"]["Time"];
                practitioner?: null | components["schemas"]["Address"];
                recipient: components["schemas"]["Digest"];
                sender: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description Bytes of ciphertext.
                 */
                size: number;
                vault: components["schemas"]["Address"];
                wrapped_key: components["schemas"]["Base64_80"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_OpenedEmergency: {
            /** @description What a clinician opened in an emergency. */
            data: {
                /** @description Account of the opening on chain. */
                break_glass: components["schemas"]["Address"];
                clinician: components["schemas"]["Address"];
                /** @description Whether the opening is confirmed on chain, and whether the patient's side has reviewed it. */
                opened: boolean;
                reviewed: boolean;
                salt: components["schemas"]["Digest"];
                signature: components["schemas"]["Base64_64"];
                statement: string;
                stored_at: components["schemas"]["Time"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_ReadUntil: {
            /** @description Up to where the caller has read by now. */
            data: {
                /** Format: int64 */
                until: number;
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_RecordErasure: {
            /** @description How far the erasure of a record is on this server. */
            data: {
                destroyed?: null | components["schemas"]["DestroyedContent"];
                record: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description Slot of the erasure on chain; null where it is not erased.
                 */
                slot?: number | null;
                state: components["schemas"]["ErasureState"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_RecordHistory: {
            /** @description A record and the versions before and after it. */
            data: {
                /** @description Cursor of further versions, where there are more than `limit`. */
                next?: string | null;
                /** @description The one asked for. */
                record: components["schemas"]["Record"];
                /** @description The whole chain it stands in, itself included, oldest first. */
                versions: components["schemas"]["RecordVersion"][];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Recovery: {
            /** @description Guardians handing a vault to a new owner. */
            data: {
                /**
                 * Format: int32
                 * @description How many guardians approved.
                 */
                approvals: number;
                /** @description The last approval, the veto or the execution; without any, the proposal. */
                changed: components["schemas"]["Change"];
                /** Format: int64 */
                delegate_epoch: number;
                executable_at?: null | components["schemas"]["Time"];
                /**
                 * Format: int64
                 * @description What the vault had when this was proposed.
                 */
                guardian_epoch: number;
                /** @description First second it is void. */
                lapses_at: components["schemas"]["Time"];
                /** @description X25519 public key of the new owner. */
                new_encryption_key: components["schemas"]["Digest"];
                new_owner: components["schemas"]["Address"];
                /**
                 * @description Whether it can still be approved or executed in the state that `meta` names, at
                 *     `meta.evaluated_at`.
                 */
                open: boolean;
                proposed: components["schemas"]["Change"];
                reason?: null | components["schemas"]["RecoveryReason"];
                recovery: components["schemas"]["Address"];
                recovery_id: components["schemas"]["Digest"];
                rent_payer: components["schemas"]["Address"];
                status: components["schemas"]["RecoveryStatus"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Registrar: {
            /** @description Who may attest credentials. */
            data: {
                added: components["schemas"]["Change"];
                /** @description The key that attests. */
                authority: components["schemas"]["Address"];
                /** @description Kinds of credentials it may issue. */
                kinds: components["schemas"]["CredentialKind"][];
                /** @description SHA-256 over a 32-byte salt and the registrar's profile, which governance vouches for. */
                profile_commitment: components["schemas"]["Digest"];
                registrar: components["schemas"]["Address"];
                removed?: null | components["schemas"]["Change"];
                rent_payer: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Removed: {
            data: {
                subscription: components["schemas"]["SubscriptionId"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_SignedPlan: {
            /** @description Who keeps shares of the vault's content keys for emergencies, as its owner signed it. */
            data: {
                /** @description The very text that was signed, JSON as `docs/content.md` has it; null where there is none. */
                plan?: string | null;
                signature?: null | components["schemas"]["Base64_64"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Stored: {
            data: {
                /** @description How many were stored; others name a record without content here. */
                stored: number;
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_StoredRecord: {
            /** @description The content that was stored. */
            data: {
                /** @description The commitment that the record on chain has to have. */
                commitment: components["schemas"]["Digest"];
                /** @description Whether it is on chain, confirmed. */
                minted: boolean;
                record: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Subscribed: {
            /** @description A subscription that was made. */
            data: {
                /** @description Whether a code was sent that is waited for. */
                code_sent: boolean;
                /** @description What a webhook checks signatures with; never shown again. */
                secret?: string | null;
                subscription: components["schemas"]["SubscriptionId"];
                vault: components["schemas"]["Address"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Vault: {
            /** @description A patient's root. */
            data: {
                /**
                 * Format: int64
                 * @description A consent of another epoch permits nothing.
                 */
                consent_epoch: number;
                created: components["schemas"]["Transaction"];
                /**
                 * Format: int64
                 * @description A delegate of another epoch has no rights.
                 */
                delegate_epoch: number;
                /** Format: int64 */
                delegate_mint_cap: number;
                /**
                 * Format: int64
                 * @description Records minted by delegates, and how many they may mint together.
                 */
                delegate_mints: number;
                /** @description Whether records may be opened in an emergency. */
                emergency_policy: components["schemas"]["EmergencyPolicy"];
                /** @description X25519 public key to which content is wrapped for the patient. */
                encryption_key: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description How often the guardians in effect changed. A recovery proposed under others is void.
                 */
                guardian_epoch: number;
                guardians?: null | components["schemas"]["Guardians"];
                /** Format: int64 */
                key_epoch: number;
                owner: components["schemas"]["Address"];
                pending_guardians?: null | components["schemas"]["PendingGuardians"];
                pending_recovery?: null | components["schemas"]["PendingRecovery"];
                /**
                 * Format: int64
                 * @description Records ever minted, amendments included.
                 */
                record_count: number;
                rent_payer: components["schemas"]["Address"];
                vault: components["schemas"]["Address"];
                vault_id: components["schemas"]["Digest"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description One thing. */
        Answer_Withdrawn: {
            data: {
                request: components["schemas"]["Digest"];
            };
            meta: components["schemas"]["Meta"];
        };
        /** @description What a page needs to know of this server before anybody signs in. */
        AppSettings: {
            /** @description Whether a wallet with its key in the page, and a provider who is played, may be used. */
            development: boolean;
            /** @description Whether the relay pays for a first vault only with an invitation. */
            invitations: boolean;
            /** @description The chain that wallets sign for, such as `solana:mainnet`. */
            network: string;
            /** @description The origin that people sign in on: on any other, wallets warn. */
            origin: string;
            practice?: null | components["schemas"]["Address"];
            program: components["schemas"]["Address"];
            /** @description Whether this server pays for transactions. */
            relay: boolean;
            /** @description JSON-RPC of a node that browsers may ask; null where the operator names none. */
            rpc_url?: string | null;
        };
        /** @description What an operator's disclosure log was when it was anchored. */
        AuditRoot: {
            anchored: components["schemas"]["Transaction"];
            audit_root: components["schemas"]["Address"];
            /** @description Root over the head of every vault's chain of entries. */
            heads: components["schemas"]["Digest"];
            /**
             * Format: int64
             * @description Zero for the operator's first, one more for each.
             */
            index: number;
            /** @description Who keeps the log, and signed. */
            operator: components["schemas"]["Address"];
            rent_payer: components["schemas"]["Address"];
            /** @description Merkle tree hash of those entries (RFC 9162, section 2.1.1). */
            root: components["schemas"]["Digest"];
            /**
             * Format: int64
             * @description Entries of the log.
             */
            tree_size: number;
        };
        /** @description 64 to 64 bytes in base64 */
        Base64_64: string;
        /** @description 80 to 80 bytes in base64 */
        Base64_80: string;
        /** @description 81 to 81 bytes in base64 */
        Base64_81: string;
        /** @description 0 to 4096 bytes in base64 */
        Base64_4096: string;
        /** @description Hash of a block, 32 bytes in base58. */
        BlockHash: string;
        /** @description That records of a vault were opened in an emergency. It names no clinician and permits nothing alone. */
        BreakGlass: {
            break_glass: components["schemas"]["Address"];
            break_glass_id: components["schemas"]["Digest"];
            /** @description SHA-256 over a 32-byte salt and the clinician's signed statement. */
            commitment: components["schemas"]["Digest"];
            /** @description First second no more in effect. */
            expires_at: components["schemas"]["Time"];
            /**
             * @description Whether it has not expired in the state that `meta` names, at `meta.evaluated_at`; false where the
             *     mirror lacks the time of the slot, to tell.
             */
            in_effect: boolean;
            /** @description The key that submitted it is a relay's, never the clinician's. */
            opened: components["schemas"]["Change"];
            rent_payer: components["schemas"]["Address"];
            reviewed?: null | components["schemas"]["Change"];
            vault: components["schemas"]["Address"];
        };
        /** @description Who wants to sign in. */
        ChallengeRequest: {
            /** @description The wallet: a patient's, a practitioner's or an organization's. */
            address: components["schemas"]["Address"];
            practitioner?: null | components["schemas"]["Address"];
            /** @description Ed25519 key, made for this session, that will sign its requests. */
            request_key: components["schemas"]["Address"];
        };
        /** @description A transaction and who signed for it. */
        Change: components["schemas"]["Transaction"] & {
            /** @description The key that signed for it: the owner's or a delegate's, a guardian's, a registrar's. */
            authority: components["schemas"]["Address"];
        };
        /**
         * @description Stable codes of problems.
         * @enum {string}
         */
        Code: "bad_request" | "invalid_address" | "invalid_parameter" | "invalid_cursor" | "slot_out_of_range" | "not_found" | "no_such_route" | "method_not_allowed" | "not_acceptable" | "payload_too_large" | "uri_too_long" | "headers_too_large" | "rate_limited" | "too_many_streams" | "internal" | "no_free_stream" | "not_ready" | "behind" | "unavailable" | "timeout" | "invalid_body" | "unsupported_media_type" | "not_signed_in" | "session_ended" | "request_unsigned" | "request_signature_invalid" | "challenge_ended" | "signature_invalid" | "no_purpose" | "not_permitted" | "key_pending" | "key_changed" | "commitment_mismatch" | "record_stored" | "record_erased" | "record_held" | "consent_stored" | "too_many_access_requests" | "too_many_subscriptions" | "mail_off" | "code_wrong" | "range_not_satisfiable" | "no_such_upload" | "invalid_upload" | "upload_offset" | "upload_quota" | "too_many_chunks" | "no_free_chunk" | "store_unavailable" | "relay_off" | "agent_off" | "transaction_refused" | "transaction_fails" | "invitation_needed" | "too_many_first_vaults" | "relay_limit" | "relay_unavailable";
        /**
         * @description How sure the ledger is of a block.
         * @enum {string}
         */
        Commitment: "finalized" | "confirmed";
        /** @description The code that came by email. */
        Confirmation: {
            /** @description Eight digits. */
            code: string;
        };
        Confirmed: {
            subscription: components["schemas"]["SubscriptionId"];
        };
        /** @description A patient's permission for one grantee, whom the handle names only to who holds its opening. */
        Consent: {
            actions: components["schemas"]["ActionName"][];
            consent: components["schemas"]["Address"];
            /** Format: int64 */
            consent_epoch: number;
            consent_id: components["schemas"]["Digest"];
            /** @description First day in effect and first day no more. */
            from: components["schemas"]["Day"];
            granted: components["schemas"]["Change"];
            handle: components["schemas"]["Digest"];
            /**
             * @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`: an upper bound, since
             *     the policy is not on the chain. No decision to disclose may rest on this alone.
             */
            in_effect: boolean;
            /** @description SHA-256 over a 32-byte salt and the policy, which may narrow what stands here. */
            policy_commitment: components["schemas"]["Digest"];
            purposes: components["schemas"]["PurposeCode"][];
            reason?: null | components["schemas"]["Reason"];
            rent_payer: components["schemas"]["Address"];
            revoked?: null | components["schemas"]["Change"];
            until: components["schemas"]["Day"];
            vault: components["schemas"]["Address"];
        };
        CreatedUpload: {
            /** @description Unless bytes come or it is claimed before, it is removed. */
            expires_at: components["schemas"]["Time"];
            /** @description 32 bytes in hex. The record or the mailbox item that claims the upload names it. */
            id: string;
            /** Format: int64 */
            max_chunk_bytes: number;
            /**
             * Format: int64
             * @description Bytes that one request may add: at least, the last one apart, and at most.
             */
            min_chunk_bytes: number;
            /** Format: int64 */
            size: number;
        };
        /** @description A registrar's attestation of who a key belongs to. Names are in a profile that it signs off chain. */
        Credential: {
            /** @description The last renewal or change of status; without any, the issue. */
            changed: components["schemas"]["Change"];
            credential: components["schemas"]["Address"];
            /** @description Whether the subject may open records in an emergency. */
            emergency: boolean;
            /** @description X25519 public key to which content is wrapped for the subject. */
            encryption_key: components["schemas"]["Digest"];
            /** @description First day valid and first day no more. */
            from: components["schemas"]["Day"];
            /** @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`. */
            in_effect: boolean;
            issued: components["schemas"]["Change"];
            kind: components["schemas"]["CredentialKind"];
            /** @description SHA-256 over a 32-byte salt and the profile that the registrar signed. */
            profile_commitment: components["schemas"]["Digest"];
            reason?: null | components["schemas"]["CredentialReason"];
            registrar: components["schemas"]["Address"];
            rent_payer: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description One more for each change.
             */
            revision: number;
            status: components["schemas"]["CredentialStatus"];
            subject: components["schemas"]["Address"];
            until: components["schemas"]["Day"];
        };
        /**
         * @description What a registrar attests its subject to be.
         * @enum {string}
         */
        CredentialKind: "practitioner" | "organization" | "researcher" | "pharmacy" | "manufacturer" | "insurer" | "custodian" | "agent";
        /**
         * @description Why a credential is not in effect.
         * @enum {string}
         */
        CredentialReason: "revoked" | "suspended" | "registrar_removed" | "not_yet" | "expired" | "unknown";
        /** @enum {string} */
        CredentialStatus: "active" | "suspended" | "revoked";
        /**
         * @description A whole day, UTC, as an ISO 8601 date.
         * @example 2026-11-21
         */
        Day: string;
        /** @description A custodian that keeps a share of a record. */
        DealtShare: {
            custodian: components["schemas"]["Address"];
            /** @description X25519 key it is encrypted to. */
            recipient: components["schemas"]["Digest"];
            record: components["schemas"]["Address"];
            /** Format: int32 */
            threshold: number;
        };
        /** @description A parent, carer or agent of a vault. */
        Delegate: {
            added: components["schemas"]["Transaction"];
            delegate: components["schemas"]["Address"];
            /** Format: int64 */
            delegate_epoch: number;
            /** @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`. */
            in_effect: boolean;
            /** @description The delegate's key, used for this vault alone. */
            key: components["schemas"]["Address"];
            reason?: null | components["schemas"]["Reason"];
            removed?: null | components["schemas"]["Transaction"];
            rent_payer: components["schemas"]["Address"];
            rights: components["schemas"]["RightName"][];
            /** @description First day without rights. */
            until: components["schemas"]["Day"];
            vault: components["schemas"]["Address"];
        };
        /** @description What was destroyed of a record. */
        DestroyedContent: {
            /** @description When its erasure key, salts, labels and wrapped keys were gone. */
            at: components["schemas"]["Time"];
            blob_gone_at?: null | components["schemas"]["Time"];
            /**
             * Format: int64
             * @description Bytes of ciphertext.
             */
            bytes: number;
            /**
             * Format: int64
             * @description How many shares of the record's key, kept by custodians or released by them.
             */
            shares: number;
            /**
             * Format: int64
             * @description How many wrapped keys there were, the patient's among them.
             */
            wraps: number;
        };
        /** @description 32 bytes in hex: an id, a commitment, a handle or an encryption key. */
        Digest: string;
        /** @description One entry with everything that opens its commitment. */
        Disclosure: {
            /** @description The very text that is committed to, JSON. */
            entry: string;
            /**
             * Format: int64
             * @description Place in the log.
             */
            index: number;
            link_salt: string;
            /**
             * Format: int64
             * @description Place among the patient's own, from 0 without a gap.
             */
            number: number;
            salt: string;
        };
        /** @description Shows where a patient's log ends. */
        DisclosureHead: {
            /** @description A checkpoint, whose line `heads` the proof leads to. */
            checkpoint: string;
            /** @description How many entries the patient's log has at it, the last one's commitment, and the way to `heads`. */
            proof: Record<string, never>;
        };
        /** @description A policy that is not granted yet. */
        Draft: {
            /** @description The policy, as `docs/access.md` describes it, without its `preview`. */
            policy: Record<string, never>;
            /**
             * Format: int32
             * @description Bits of the purposes that it would be granted for.
             */
            purposes: number;
            vault: components["schemas"]["Address"];
        };
        /** @description What a policy would open now. */
        DraftPreview: {
            /** @description SHA-256 over that text. */
            hash: components["schemas"]["Digest"];
            /** @description The very text whose hash goes into the policy. */
            preview: string;
            /** @description The records that it would open. */
            records: components["schemas"]["Address"][];
            /**
             * Format: int64
             * @description How many others there are.
             */
            withheld: number;
        };
        /**
         * @description Whether records of a vault may be opened in an emergency.
         * @enum {string}
         */
        EmergencyPolicy: "forbidden" | "allowed";
        /** @description A content whose storage ends by the operator's retention schedule. The record stands. */
        Ending: {
            /** @description Since when the patient is told. */
            announced_at: components["schemas"]["Time"];
            /** @description It does not end before. */
            ends_at: components["schemas"]["Time"];
            /** @description Whether a legal hold puts the end off. */
            is_held: boolean;
            record: components["schemas"]["Address"];
        };
        /**
         * @description How far an erasure is.
         * @enum {string}
         */
        ErasureState: "not_erased" | "confirmed" | "destroying" | "held" | "destroyed" | "nothing_kept" | "storage_ended";
        /** @description An event of the program as it stands in the ledger. */
        Event: components["schemas"]["Position"] & {
            /** @description The account created or changed. */
            account: components["schemas"]["Address"];
            authority?: null | components["schemas"]["Address"];
            block_hash: components["schemas"]["BlockHash"];
            block_time?: null | components["schemas"]["Time"];
            /** @description The event's bytes in hex, tag and discriminator included. */
            data: string;
            /** @description Name of the event in the program's IDL. */
            name: string;
            signature: components["schemas"]["Signature"];
            vault?: null | components["schemas"]["Address"];
        };
        /** @description Events in ledger order. */
        EventPage: {
            data: components["schemas"]["Event"][];
            meta: components["schemas"]["Meta"];
            /** @description Whether more follow already. */
            more: boolean;
            /** @description Where the next request continues, now or at any later time; there also where nothing is left. */
            next: string;
        };
        /** @description What a grantee would see now, record by record. */
        Explained: Record<string, never>;
        /** @description Who together may hand a vault to a new owner: how many there are, never who. */
        Guardians: {
            /** Format: int32 */
            count: number;
            /**
             * Format: int64
             * @description Seconds between a recovery's becoming pending and its execution, and before other guardians are
             *     in effect.
             */
            recovery_delay: number;
            /**
             * Format: int32
             * @description How many of them make a recovery pending.
             */
            threshold: number;
        };
        /** @description A guardian's share of a root secret. */
        GuardianShare: {
            guardian: components["schemas"]["Address"];
            /** @description Whoever can open it: the guardian, or the new owner. */
            holder: components["schemas"]["Address"];
            /** Format: int64 */
            key_epoch: number;
            share: string;
            vault: components["schemas"]["Address"];
        };
        /** @description A share that its guardian encrypted to the new owner of a recovery. */
        HandedShare: {
            /** @description The new owner. */
            holder: components["schemas"]["Address"];
            /** Format: int32 */
            key_epoch: number;
            share: string;
            vault: components["schemas"]["Address"];
        };
        Health: {
            /** @description `alive` or `ready`. */
            status: string;
        };
        /** @description What opens a consent, and what the chain says of it. */
        HeldConsent: {
            consent: components["schemas"]["Address"];
            consent_id: components["schemas"]["Digest"];
            encryption_key: components["schemas"]["Digest"];
            grantee: components["schemas"]["Address"];
            /** @description Whether it is on chain, confirmed, with the handle and the policy that these open. */
            opened: boolean;
            policy: string;
            policy_salt: components["schemas"]["Digest"];
            /** @description Whether it was revoked on chain. */
            revoked: boolean;
            salt: components["schemas"]["Digest"];
            vault: components["schemas"]["Address"];
        };
        /** @description A record that the caller may read. */
        HeldRecord: {
            consent?: null | components["schemas"]["Address"];
            key: components["schemas"]["KeyState"];
            minted_at: components["schemas"]["Time"];
            /** Format: int64 */
            minted_slot: number;
            opening: components["schemas"]["LabelsOpening"];
            previous?: null | components["schemas"]["Address"];
            record: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description Bytes of ciphertext.
             */
            size: number;
            status: components["schemas"]["RecordStatus"];
            vault: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description 1 for an original, one more for each amendment.
             */
            version: number;
        };
        /** @description Who has the key of a record, and what went out to them. */
        HeldWrap: {
            content_given: boolean;
            /** @description The vault, or a wallet. */
            holder: components["schemas"]["Address"];
            /** @description Whether the holder got the key, and any of the content with it: that cannot be taken back. */
            key_given: boolean;
            recipient?: null | components["schemas"]["Digest"];
            record: components["schemas"]["Address"];
            /** @description The holder's key opens nothing any more: the content was encrypted anew since. */
            replaced: boolean;
        };
        /**
         * @description A legal hold. What it is about is refused to whom it was refused before, and stays ciphertext; an erasure
         *     destroys it once the hold is lifted.
         */
        Hold: {
            /** @description Who ordered it, and under which reference, in the operator's words. */
            authority: string;
            hold: components["schemas"]["HoldId"];
            lifted_at?: null | components["schemas"]["Time"];
            placed_at: components["schemas"]["Time"];
            /** @description Why it was lifted. */
            reason?: string | null;
            /** @description Records it is about; null for everything of the vault. */
            records?: components["schemas"]["Address"][] | null;
            reference: string;
        };
        /** @description Id of a legal hold, 16 bytes in hex. */
        HoldId: string;
        /** @description The caller's share of a record's key, encrypted to the caller. */
        KeptShare: {
            /** @description X25519 key it is encrypted to. */
            recipient: components["schemas"]["Digest"];
            record: components["schemas"]["Address"];
            share: components["schemas"]["Base64_81"];
        };
        /** @description The wrapped root secret of one key epoch, as `docs/content.md` describes it. */
        Keyring: {
            /** Format: int32 */
            key_epoch: number;
            keyring: string;
        };
        /** @description Whether the caller can open the content. */
        KeyState: {
            /** @description Encrypted as mail, before the record's address was known. */
            mail: boolean;
            /** @description X25519 key that it is encrypted to. */
            recipient: components["schemas"]["Digest"];
            /** @enum {string} */
            state: "wrapped";
            wrapped_key: components["schemas"]["Base64_80"];
        } | {
            /** @enum {string} */
            state: "key_pending";
        };
        /**
         * @description What happened.
         * @enum {string}
         */
        Kind: "grant" | "revocation" | "disclosure" | "emergency" | "emergency_reviewed" | "emergency_undone" | "subscription_ended" | "storage_ending" | "storage_ended" | "hold_placed" | "hold_lifted";
        /** @description What opens a record's commitment as far as its labels. */
        LabelsOpening: {
            details_commitment: components["schemas"]["Digest"];
            /** @description The very text of the labels that is committed to. */
            labels: string;
            labels_salt: components["schemas"]["Digest"];
            salt: components["schemas"]["Digest"];
        };
        /** @description Commitments of entries. */
        Leaves: {
            /** @description In the order of the log, up to 10,000 of them and up to the newest checkpoint; none at its end. */
            leaves: string[];
        };
        /** @description A log, and what it last said of itself. */
        LogStatus: {
            /** @description The newest checkpoint, a signed note (C2SP tlog-checkpoint); none before the first. */
            checkpoint?: string | null;
            /** @description Name and key of the log, as C2SP signed-note writes a verifier key. */
            verifier: string;
        };
        /** @description A result that waits to become a record. */
        MailboxItem: {
            item: components["schemas"]["Digest"];
            opening: components["schemas"]["LabelsOpening"];
            posted_at: components["schemas"]["Time"];
            practitioner?: null | components["schemas"]["Address"];
            recipient: components["schemas"]["Digest"];
            sender: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description Bytes of ciphertext.
             */
            size: number;
            vault: components["schemas"]["Address"];
            wrapped_key: components["schemas"]["Base64_80"];
        };
        /** @description What an answer reflects. */
        Meta: {
            /** @description How sure the ledger is of that slot. */
            commitment: components["schemas"]["Commitment"];
            /**
             * Format: int64
             * @description Newest slot of the mirror.
             */
            confirmed_slot: number;
            evaluated_at?: null | components["schemas"]["Time"];
            /**
             * Format: int64
             * @description Newest slot of the mirror that is final; also in the header `aegle-finalized-slot`.
             */
            finalized_slot: number;
            /** Format: int64 */
            lag_seconds: number;
            /**
             * Format: int64
             * @description How far the mirror is behind its node; also in the headers `aegle-lag-slots`, `aegle-lag-seconds`.
             */
            lag_slots: number;
            /**
             * Format: int64
             * @description The slot whose state this is; also in the header `aegle-slot`.
             */
            slot: number;
        };
        /** @description What a patient is asked to allow. */
        NewAccessRequest: {
            /** Format: int32 */
            actions: number;
            message?: null | components["schemas"]["Base64_4096"];
            /**
             * Format: int32
             * @description Bits of the purposes and actions.
             */
            purposes: number;
            vault: components["schemas"]["Address"];
        };
        /** @description What opens a consent that was or will be granted on chain. */
        NewConsent: {
            consent_id: components["schemas"]["Digest"];
            /** @description X25519 key to which contents are wrapped for the grantee; the policy's recipient, where it names one. */
            encryption_key: components["schemas"]["Digest"];
            /** @description Wallet of the grantee. */
            grantee: components["schemas"]["Address"];
            /** @description The very text of the policy that is committed to. */
            policy: string;
            policy_salt: components["schemas"]["Digest"];
            /** @description The handle's salt. */
            salt: components["schemas"]["Digest"];
            vault: components["schemas"]["Address"];
        };
        /** @description A record's content, encrypted anew and uploaded before. */
        NewContentKey: {
            /** @description Shares of the new key, each encrypted to a custodian. */
            shares?: components["schemas"]["NewKeyShare"][];
            /** @description A finished upload of the caller's. */
            upload: components["schemas"]["Digest"];
            vault: components["schemas"]["Address"];
            /** @description The new content key, encrypted to the vault's key and to whom else it is open. */
            wraps: components["schemas"]["NewWrap"][];
        };
        /** @description A statement that its clinician signed. */
        NewEmergency: {
            /** @description Of the commitment on chain: SHA-256 over the salt, the statement and the signature. */
            salt: components["schemas"]["Digest"];
            /** @description Ed25519, by the clinician. */
            signature: components["schemas"]["Base64_64"];
            /** @description The very text that was signed, JSON as `docs/content.md` has it. */
            statement: string;
        };
        /** @description A result for a patient, encrypted to the vault's key and uploaded before. */
        NewItem: {
            opening: components["schemas"]["LabelsOpening"];
            /** @description X25519 key of the vault. */
            recipient: components["schemas"]["Digest"];
            /** @description A finished upload of the caller's. */
            upload: components["schemas"]["Digest"];
            vault: components["schemas"]["Address"];
            wrapped_key: components["schemas"]["Base64_80"];
        };
        /** @description A keyring to store. */
        NewKeyring: {
            /** Format: int32 */
            key_epoch: number;
            keyring: string;
            /** @description Each guardian's share, encrypted to that guardian. */
            shares?: components["schemas"]["NewShare"][];
            vault: components["schemas"]["Address"];
        };
        /** @description A share of a record's content key, encrypted to a custodian. */
        NewKeyShare: {
            custodian: components["schemas"]["Address"];
            /** @description X25519 key it is encrypted to. */
            recipient: components["schemas"]["Digest"];
            share: components["schemas"]["Base64_81"];
            /**
             * Format: int32
             * @description How many shares together give the key.
             */
            threshold: number;
        };
        /** @description Shares of several records. */
        NewKeyShares: {
            records: components["schemas"]["RecordShares"][];
            vault: components["schemas"]["Address"];
        };
        /** @description A plan to keep. */
        NewPlan: {
            plan: string;
            signature: components["schemas"]["Base64_64"];
        };
        /** @description A profile and what opens the commitment to it. */
        NewProfileBody: {
            /** @description JSON with a `name`, at most 4,096 bytes; `specialty` and `address` are shown too. */
            profile: string;
            salt: components["schemas"]["Digest"];
        };
        /** @description A record's content, uploaded before, and what the server may know of it. */
        NewRecord: {
            opening: components["schemas"]["LabelsOpening"];
            /** @description Of the record that is or will be minted, an original or an amendment. */
            record_id: components["schemas"]["Digest"];
            /** @description Shares of the content key, each encrypted to a custodian, where the vault allows emergencies. */
            shares?: components["schemas"]["NewKeyShare"][];
            /** @description A finished upload of the caller's. */
            upload: components["schemas"]["Digest"];
            vault: components["schemas"]["Address"];
            /** @description The content key, encrypted to the vault's key and to whom else it is open. */
            wraps?: components["schemas"]["NewWrap"][];
        };
        NewRelease: {
            record: components["schemas"]["Address"];
            /** @description Encrypted to the clinician's key of the statement. */
            share: components["schemas"]["Base64_81"];
        };
        /** @description Shares for the clinician of an opening. */
        NewReleases: {
            shares: components["schemas"]["NewRelease"][];
        };
        NewShare: {
            guardian: components["schemas"]["Address"];
            share: string;
        };
        NewUpload: {
            /**
             * Format: int64
             * @description Bytes of the ciphertext.
             */
            size: number;
        };
        NewWrap: {
            /** @description Whose the recipient's key is: the vault, or a wallet. */
            holder: components["schemas"]["Address"];
            /** @description X25519 key it is encrypted to. */
            recipient: components["schemas"]["Digest"];
            wrapped_key: components["schemas"]["Base64_80"];
        };
        /** @description Content keys for who may have them. */
        NewWraps: {
            vault: components["schemas"]["Address"];
            wraps: components["schemas"]["RecordWrap"][];
        };
        /** @description Something that happened: no names, labels or records. */
        Notice: {
            at: components["schemas"]["Time"];
            kind: components["schemas"]["Kind"];
            /**
             * Format: int64
             * @description Place among the patient's, from 1 without a gap.
             */
            number: number;
            /** @description Whether the caller has read it. */
            read: boolean;
        };
        /** @description What a clinician opened in an emergency. */
        OpenedEmergency: {
            /** @description Account of the opening on chain. */
            break_glass: components["schemas"]["Address"];
            clinician: components["schemas"]["Address"];
            /** @description Whether the opening is confirmed on chain, and whether the patient's side has reviewed it. */
            opened: boolean;
            reviewed: boolean;
            salt: components["schemas"]["Digest"];
            signature: components["schemas"]["Base64_64"];
            statement: string;
            stored_at: components["schemas"]["Time"];
            vault: components["schemas"]["Address"];
        };
        /** @description What opens a receipt to who asked. */
        OpenedReceipt: {
            /** @description The very text that is committed to, JSON. */
            entry: string;
            /** @description Shows the entry in the newest checkpoint; none before it is in one. */
            inclusion?: Record<string, never> | null;
            /** @description Commitment to where the entry stands in the patient's log, which is the patient's to know. */
            link: string;
            salt: string;
        };
        /** @description Part of a list. */
        Page_AccessRequest: {
            data: {
                /** Format: int32 */
                actions: number;
                message?: null | components["schemas"]["Base64_4096"];
                practitioner?: null | components["schemas"]["Address"];
                /** Format: int32 */
                purposes: number;
                request: components["schemas"]["Digest"];
                requested_at: components["schemas"]["Time"];
                requester: components["schemas"]["Address"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_AuditRoot: {
            data: {
                anchored: components["schemas"]["Transaction"];
                audit_root: components["schemas"]["Address"];
                /** @description Root over the head of every vault's chain of entries. */
                heads: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description Zero for the operator's first, one more for each.
                 */
                index: number;
                /** @description Who keeps the log, and signed. */
                operator: components["schemas"]["Address"];
                rent_payer: components["schemas"]["Address"];
                /** @description Merkle tree hash of those entries (RFC 9162, section 2.1.1). */
                root: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description Entries of the log.
                 */
                tree_size: number;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_BreakGlass: {
            data: {
                break_glass: components["schemas"]["Address"];
                break_glass_id: components["schemas"]["Digest"];
                /** @description SHA-256 over a 32-byte salt and the clinician's signed statement. */
                commitment: components["schemas"]["Digest"];
                /** @description First second no more in effect. */
                expires_at: components["schemas"]["Time"];
                /**
                 * @description Whether it has not expired in the state that `meta` names, at `meta.evaluated_at`; false where the
                 *     mirror lacks the time of the slot, to tell.
                 */
                in_effect: boolean;
                /** @description The key that submitted it is a relay's, never the clinician's. */
                opened: components["schemas"]["Change"];
                rent_payer: components["schemas"]["Address"];
                reviewed?: null | components["schemas"]["Change"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Consent: {
            data: {
                actions: components["schemas"]["ActionName"][];
                consent: components["schemas"]["Address"];
                /** Format: int64 */
                consent_epoch: number;
                consent_id: components["schemas"]["Digest"];
                /** @description First day in effect and first day no more. */
                from: components["schemas"]["Day"];
                granted: components["schemas"]["Change"];
                handle: components["schemas"]["Digest"];
                /**
                 * @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`: an upper bound, since
                 *     the policy is not on the chain. No decision to disclose may rest on this alone.
                 */
                in_effect: boolean;
                /** @description SHA-256 over a 32-byte salt and the policy, which may narrow what stands here. */
                policy_commitment: components["schemas"]["Digest"];
                purposes: components["schemas"]["PurposeCode"][];
                reason?: null | components["schemas"]["Reason"];
                rent_payer: components["schemas"]["Address"];
                revoked?: null | components["schemas"]["Change"];
                until: components["schemas"]["Day"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Credential: {
            data: {
                /** @description The last renewal or change of status; without any, the issue. */
                changed: components["schemas"]["Change"];
                credential: components["schemas"]["Address"];
                /** @description Whether the subject may open records in an emergency. */
                emergency: boolean;
                /** @description X25519 public key to which content is wrapped for the subject. */
                encryption_key: components["schemas"]["Digest"];
                /** @description First day valid and first day no more. */
                from: components["schemas"]["Day"];
                /** @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`. */
                in_effect: boolean;
                issued: components["schemas"]["Change"];
                kind: components["schemas"]["CredentialKind"];
                /** @description SHA-256 over a 32-byte salt and the profile that the registrar signed. */
                profile_commitment: components["schemas"]["Digest"];
                reason?: null | components["schemas"]["CredentialReason"];
                registrar: components["schemas"]["Address"];
                rent_payer: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description One more for each change.
                 */
                revision: number;
                status: components["schemas"]["CredentialStatus"];
                subject: components["schemas"]["Address"];
                until: components["schemas"]["Day"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_DealtShare: {
            data: {
                custodian: components["schemas"]["Address"];
                /** @description X25519 key it is encrypted to. */
                recipient: components["schemas"]["Digest"];
                record: components["schemas"]["Address"];
                /** Format: int32 */
                threshold: number;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Delegate: {
            data: {
                added: components["schemas"]["Transaction"];
                delegate: components["schemas"]["Address"];
                /** Format: int64 */
                delegate_epoch: number;
                /** @description Whether it holds in the state that `meta` names, at `meta.evaluated_at`. */
                in_effect: boolean;
                /** @description The delegate's key, used for this vault alone. */
                key: components["schemas"]["Address"];
                reason?: null | components["schemas"]["Reason"];
                removed?: null | components["schemas"]["Transaction"];
                rent_payer: components["schemas"]["Address"];
                rights: components["schemas"]["RightName"][];
                /** @description First day without rights. */
                until: components["schemas"]["Day"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Disclosure: {
            data: {
                /** @description The very text that is committed to, JSON. */
                entry: string;
                /**
                 * Format: int64
                 * @description Place in the log.
                 */
                index: number;
                link_salt: string;
                /**
                 * Format: int64
                 * @description Place among the patient's own, from 0 without a gap.
                 */
                number: number;
                salt: string;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Ending: {
            data: {
                /** @description Since when the patient is told. */
                announced_at: components["schemas"]["Time"];
                /** @description It does not end before. */
                ends_at: components["schemas"]["Time"];
                /** @description Whether a legal hold puts the end off. */
                is_held: boolean;
                record: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_GuardianShare: {
            data: {
                guardian: components["schemas"]["Address"];
                /** @description Whoever can open it: the guardian, or the new owner. */
                holder: components["schemas"]["Address"];
                /** Format: int64 */
                key_epoch: number;
                share: string;
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_HeldConsent: {
            data: {
                consent: components["schemas"]["Address"];
                consent_id: components["schemas"]["Digest"];
                encryption_key: components["schemas"]["Digest"];
                grantee: components["schemas"]["Address"];
                /** @description Whether it is on chain, confirmed, with the handle and the policy that these open. */
                opened: boolean;
                policy: string;
                policy_salt: components["schemas"]["Digest"];
                /** @description Whether it was revoked on chain. */
                revoked: boolean;
                salt: components["schemas"]["Digest"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_HeldRecord: {
            data: {
                consent?: null | components["schemas"]["Address"];
                key: components["schemas"]["KeyState"];
                minted_at: components["schemas"]["Time"];
                /** Format: int64 */
                minted_slot: number;
                opening: components["schemas"]["LabelsOpening"];
                previous?: null | components["schemas"]["Address"];
                record: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description Bytes of ciphertext.
                 */
                size: number;
                status: components["schemas"]["RecordStatus"];
                vault: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description 1 for an original, one more for each amendment.
                 */
                version: number;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_HeldWrap: {
            data: {
                content_given: boolean;
                /** @description The vault, or a wallet. */
                holder: components["schemas"]["Address"];
                /** @description Whether the holder got the key, and any of the content with it: that cannot be taken back. */
                key_given: boolean;
                recipient?: null | components["schemas"]["Digest"];
                record: components["schemas"]["Address"];
                /** @description The holder's key opens nothing any more: the content was encrypted anew since. */
                replaced: boolean;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Hold: {
            data: {
                /** @description Who ordered it, and under which reference, in the operator's words. */
                authority: string;
                hold: components["schemas"]["HoldId"];
                lifted_at?: null | components["schemas"]["Time"];
                placed_at: components["schemas"]["Time"];
                /** @description Why it was lifted. */
                reason?: string | null;
                /** @description Records it is about; null for everything of the vault. */
                records?: components["schemas"]["Address"][] | null;
                reference: string;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_KeptShare: {
            data: {
                /** @description X25519 key it is encrypted to. */
                recipient: components["schemas"]["Digest"];
                record: components["schemas"]["Address"];
                share: components["schemas"]["Base64_81"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Keyring: {
            data: {
                /** Format: int32 */
                key_epoch: number;
                keyring: string;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_MailboxItem: {
            data: {
                item: components["schemas"]["Digest"];
                opening: components["schemas"]["LabelsOpening"];
                posted_at: components["schemas"]["Time"];
                practitioner?: null | components["schemas"]["Address"];
                recipient: components["schemas"]["Digest"];
                sender: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description Bytes of ciphertext.
                 */
                size: number;
                vault: components["schemas"]["Address"];
                wrapped_key: components["schemas"]["Base64_80"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Notice: {
            data: {
                at: components["schemas"]["Time"];
                kind: components["schemas"]["Kind"];
                /**
                 * Format: int64
                 * @description Place among the patient's, from 1 without a gap.
                 */
                number: number;
                /** @description Whether the caller has read it. */
                read: boolean;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_OpenedEmergency: {
            data: {
                /** @description Account of the opening on chain. */
                break_glass: components["schemas"]["Address"];
                clinician: components["schemas"]["Address"];
                /** @description Whether the opening is confirmed on chain, and whether the patient's side has reviewed it. */
                opened: boolean;
                reviewed: boolean;
                salt: components["schemas"]["Digest"];
                signature: components["schemas"]["Base64_64"];
                statement: string;
                stored_at: components["schemas"]["Time"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Patient: {
            data: {
                /** @description The consents that say so. */
                consents: components["schemas"]["Address"][];
                /** @description Address of the vault. */
                patient: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_PendingWrap: {
            data: {
                /** @description Whose it is to be: the vault, or a grantee's wallet. */
                holder: components["schemas"]["Address"];
                /** @description X25519 key to encrypt it to. */
                recipient: components["schemas"]["Digest"];
                record: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Record: {
            data: {
                /** @description What gave it its status; for an active record, its minting. */
                changed: components["schemas"]["Change"];
                /** @description SHA-256 over a 32-byte salt and the manifest. */
                commitment: components["schemas"]["Digest"];
                /**
                 * @description In whose name the token is: the owner's at the time it was issued, or the record's own, which
                 *     keeps what a delegate minted until the owner has it issued again.
                 */
                holder: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description How often the token was issued.
                 */
                issues: number;
                mint?: null | components["schemas"]["Address"];
                minted: components["schemas"]["Change"];
                previous?: null | components["schemas"]["Address"];
                record: components["schemas"]["Address"];
                record_id: components["schemas"]["Digest"];
                rent_payer: components["schemas"]["Address"];
                status: components["schemas"]["RecordStatus"];
                token?: null | components["schemas"]["Address"];
                vault: components["schemas"]["Address"];
                /**
                 * Format: int64
                 * @description 1 for an original, one more for each amendment.
                 */
                version: number;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Recovery: {
            data: {
                /**
                 * Format: int32
                 * @description How many guardians approved.
                 */
                approvals: number;
                /** @description The last approval, the veto or the execution; without any, the proposal. */
                changed: components["schemas"]["Change"];
                /** Format: int64 */
                delegate_epoch: number;
                executable_at?: null | components["schemas"]["Time"];
                /**
                 * Format: int64
                 * @description What the vault had when this was proposed.
                 */
                guardian_epoch: number;
                /** @description First second it is void. */
                lapses_at: components["schemas"]["Time"];
                /** @description X25519 public key of the new owner. */
                new_encryption_key: components["schemas"]["Digest"];
                new_owner: components["schemas"]["Address"];
                /**
                 * @description Whether it can still be approved or executed in the state that `meta` names, at
                 *     `meta.evaluated_at`.
                 */
                open: boolean;
                proposed: components["schemas"]["Change"];
                reason?: null | components["schemas"]["RecoveryReason"];
                recovery: components["schemas"]["Address"];
                recovery_id: components["schemas"]["Digest"];
                rent_payer: components["schemas"]["Address"];
                status: components["schemas"]["RecoveryStatus"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Registrar: {
            data: {
                added: components["schemas"]["Change"];
                /** @description The key that attests. */
                authority: components["schemas"]["Address"];
                /** @description Kinds of credentials it may issue. */
                kinds: components["schemas"]["CredentialKind"][];
                /** @description SHA-256 over a 32-byte salt and the registrar's profile, which governance vouches for. */
                profile_commitment: components["schemas"]["Digest"];
                registrar: components["schemas"]["Address"];
                removed?: null | components["schemas"]["Change"];
                rent_payer: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_ReleasedShare: {
            data: {
                custodian: components["schemas"]["Address"];
                record: components["schemas"]["Address"];
                share: components["schemas"]["Base64_81"];
                /**
                 * Format: int32
                 * @description How many of them give the key.
                 */
                threshold: number;
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Subscription: {
            data: {
                /** @description Whether the address's owner has entered the code; webhooks need none. */
                confirmed: boolean;
                created_at: components["schemas"]["Time"];
                ended_at?: null | components["schemas"]["Time"];
                failing_since?: null | components["schemas"]["Time"];
                kinds: components["schemas"]["Topic"][];
                subscription: components["schemas"]["SubscriptionId"];
                target: components["schemas"]["Target"];
                vault: components["schemas"]["Address"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description Part of a list. */
        Page_Vault: {
            data: {
                /**
                 * Format: int64
                 * @description A consent of another epoch permits nothing.
                 */
                consent_epoch: number;
                created: components["schemas"]["Transaction"];
                /**
                 * Format: int64
                 * @description A delegate of another epoch has no rights.
                 */
                delegate_epoch: number;
                /** Format: int64 */
                delegate_mint_cap: number;
                /**
                 * Format: int64
                 * @description Records minted by delegates, and how many they may mint together.
                 */
                delegate_mints: number;
                /** @description Whether records may be opened in an emergency. */
                emergency_policy: components["schemas"]["EmergencyPolicy"];
                /** @description X25519 public key to which content is wrapped for the patient. */
                encryption_key: components["schemas"]["Digest"];
                /**
                 * Format: int64
                 * @description How often the guardians in effect changed. A recovery proposed under others is void.
                 */
                guardian_epoch: number;
                guardians?: null | components["schemas"]["Guardians"];
                /** Format: int64 */
                key_epoch: number;
                owner: components["schemas"]["Address"];
                pending_guardians?: null | components["schemas"]["PendingGuardians"];
                pending_recovery?: null | components["schemas"]["PendingRecovery"];
                /**
                 * Format: int64
                 * @description Records ever minted, amendments included.
                 */
                record_count: number;
                rent_payer: components["schemas"]["Address"];
                vault: components["schemas"]["Address"];
                vault_id: components["schemas"]["Digest"];
            }[];
            meta: components["schemas"]["Meta"];
            /** @description Cursor of the page after this one; null on the last. */
            next?: string | null;
        };
        /** @description A patient who lets the caller read something. */
        Patient: {
            /** @description The consents that say so. */
            consents: components["schemas"]["Address"][];
            /** @description Address of the vault. */
            patient: components["schemas"]["Address"];
        };
        /** @description Guardians that are to be in effect. */
        PendingGuardians: {
            /** @description First second they may be put in effect. From then on those they replace have no say. */
            due_at: components["schemas"]["Time"];
            guardians?: null | components["schemas"]["Guardians"];
        };
        /** @description A recovery that waits for its delay. */
        PendingRecovery: {
            /** @description First second it is void. */
            lapses_at: components["schemas"]["Time"];
            recovery: components["schemas"]["Address"];
        };
        /** @description A content key that is permitted and missing. */
        PendingWrap: {
            /** @description Whose it is to be: the vault, or a grantee's wallet. */
            holder: components["schemas"]["Address"];
            /** @description X25519 key to encrypt it to. */
            recipient: components["schemas"]["Digest"];
            record: components["schemas"]["Address"];
        };
        /** @description Where an event stands in the ledger; events are ordered by it. */
        Position: {
            /** Format: int32 */
            inner_index: number;
            /**
             * Format: int32
             * @description Index of the instruction in the transaction, and of the event among its inner instructions.
             */
            instruction_index: number;
            /** Format: int64 */
            slot: number;
            /**
             * Format: int32
             * @description Index of the transaction in its block.
             */
            tx_index: number;
        };
        /** @description Problem details, RFC 9457. */
        Problem: {
            code: components["schemas"]["Code"];
            detail: string;
            /** @description The id under which the server logged the request; also in the header `x-request-id`. */
            request_id: string;
            /**
             * @description With `not_permitted`: what is logged of the request, in base64, encrypted to the patient if there is one. It
             *     is of one length, and tells whoever cannot open it nothing.
             */
            sealed?: string;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description Path of the kind of problem. */
            type: string;
        };
        /** @description A profile that was published. */
        Profile: {
            /** @description The credential or registrar that commits to it. */
            account: components["schemas"]["Address"];
            /** @description The document as it was written, JSON with a name. */
            profile: string;
            published_at: components["schemas"]["Time"];
            /** @description The commitment on chain is SHA-256 over this and the profile. */
            salt: components["schemas"]["Digest"];
            /** @description The key that it is about. */
            subject: components["schemas"]["Address"];
        };
        Profiles: {
            data: components["schemas"]["Profile"][];
        };
        /** @description A proof by hashes. */
        Proof: {
            /** @description Nodes in hex, RFC 9162 section 2.1. */
            path: string[];
        };
        /**
         * @description HL7 v3 PurposeOfUse.
         * @enum {string}
         */
        PurposeCode: "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
        /** @description Up to where the caller has read. */
        Read: {
            /**
             * Format: int32
             * @description Number of the newest notice that was read.
             */
            until: number;
            vault: components["schemas"]["Address"];
        };
        /** @description Up to where the caller has read by now. */
        ReadUntil: {
            /** Format: int64 */
            until: number;
            vault: components["schemas"]["Address"];
        };
        /**
         * @description Why a consent or a delegate is not in effect.
         * @enum {string}
         */
        Reason: "revoked" | "removed" | "out_of_epoch" | "not_yet" | "expired" | "unknown";
        /** @description A commitment to one version of a health record. */
        Record: {
            /** @description What gave it its status; for an active record, its minting. */
            changed: components["schemas"]["Change"];
            /** @description SHA-256 over a 32-byte salt and the manifest. */
            commitment: components["schemas"]["Digest"];
            /**
             * @description In whose name the token is: the owner's at the time it was issued, or the record's own, which
             *     keeps what a delegate minted until the owner has it issued again.
             */
            holder: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description How often the token was issued.
             */
            issues: number;
            mint?: null | components["schemas"]["Address"];
            minted: components["schemas"]["Change"];
            previous?: null | components["schemas"]["Address"];
            record: components["schemas"]["Address"];
            record_id: components["schemas"]["Digest"];
            rent_payer: components["schemas"]["Address"];
            status: components["schemas"]["RecordStatus"];
            token?: null | components["schemas"]["Address"];
            vault: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description 1 for an original, one more for each amendment.
             */
            version: number;
        };
        /** @description A change of a record's status. */
        RecordChange: components["schemas"]["Change"] & {
            /** @description The status it gave; `active` is the minting. */
            status: components["schemas"]["RecordStatus"];
        };
        /** @description How far the erasure of a record is on this server. */
        RecordErasure: {
            destroyed?: null | components["schemas"]["DestroyedContent"];
            record: components["schemas"]["Address"];
            /**
             * Format: int64
             * @description Slot of the erasure on chain; null where it is not erased.
             */
            slot?: number | null;
            state: components["schemas"]["ErasureState"];
        };
        /** @description A record and the versions before and after it. */
        RecordHistory: {
            /** @description Cursor of further versions, where there are more than `limit`. */
            next?: string | null;
            /** @description The one asked for. */
            record: components["schemas"]["Record"];
            /** @description The whole chain it stands in, itself included, oldest first. */
            versions: components["schemas"]["RecordVersion"][];
        };
        RecordShares: {
            record: components["schemas"]["Address"];
            shares: components["schemas"]["NewKeyShare"][];
        };
        /** @enum {string} */
        RecordStatus: "active" | "amended" | "entered_in_error" | "erased";
        /** @description One version of a record with everything that happened to it, oldest first. */
        RecordVersion: components["schemas"]["Record"] & {
            changes: components["schemas"]["RecordChange"][];
        };
        RecordWrap: {
            record: components["schemas"]["Address"];
            wrap: components["schemas"]["NewWrap"];
        };
        /** @description Guardians handing a vault to a new owner. */
        Recovery: {
            /**
             * Format: int32
             * @description How many guardians approved.
             */
            approvals: number;
            /** @description The last approval, the veto or the execution; without any, the proposal. */
            changed: components["schemas"]["Change"];
            /** Format: int64 */
            delegate_epoch: number;
            executable_at?: null | components["schemas"]["Time"];
            /**
             * Format: int64
             * @description What the vault had when this was proposed.
             */
            guardian_epoch: number;
            /** @description First second it is void. */
            lapses_at: components["schemas"]["Time"];
            /** @description X25519 public key of the new owner. */
            new_encryption_key: components["schemas"]["Digest"];
            new_owner: components["schemas"]["Address"];
            /**
             * @description Whether it can still be approved or executed in the state that `meta` names, at
             *     `meta.evaluated_at`.
             */
            open: boolean;
            proposed: components["schemas"]["Change"];
            reason?: null | components["schemas"]["RecoveryReason"];
            recovery: components["schemas"]["Address"];
            recovery_id: components["schemas"]["Digest"];
            rent_payer: components["schemas"]["Address"];
            status: components["schemas"]["RecoveryStatus"];
            vault: components["schemas"]["Address"];
        };
        /**
         * @description Why a recovery cannot go on.
         * @enum {string}
         */
        RecoveryReason: "executed" | "lapsed" | "out_of_epoch" | "unknown";
        /** @enum {string} */
        RecoveryStatus: "proposed" | "pending" | "vetoed" | "executed";
        /** @description Who may attest credentials. */
        Registrar: {
            added: components["schemas"]["Change"];
            /** @description The key that attests. */
            authority: components["schemas"]["Address"];
            /** @description Kinds of credentials it may issue. */
            kinds: components["schemas"]["CredentialKind"][];
            /** @description SHA-256 over a 32-byte salt and the registrar's profile, which governance vouches for. */
            profile_commitment: components["schemas"]["Digest"];
            registrar: components["schemas"]["Address"];
            removed?: null | components["schemas"]["Change"];
            rent_payer: components["schemas"]["Address"];
        };
        /** @description A transaction that the relay sent. */
        Relayed: {
            signature: components["schemas"]["Signature"];
            status: components["schemas"]["RelayStatus"];
        };
        /** @description A transaction for which the relay is to pay. */
        RelayRequest: {
            /** @description Code of an invitation, where the transaction creates a vault; an open relay needs none. */
            invitation?: string | null;
            /**
             * @description The transaction on the wire, base64: the relay is the fee payer and signs last, the wallet that is
             *     signed in has signed.
             */
            transaction: string;
            /** @description Whether to answer only when the transaction is confirmed, has failed, or some seconds are over. */
            wait?: boolean;
        };
        /** @enum {string} */
        RelayStatus: "pending" | "landed" | "failed" | "expired";
        /** @description For whom and for what the relay pays. */
        RelayTerms: {
            /**
             * Format: int64
             * @description Millionths of a lamport for a compute unit.
             */
            max_compute_price: number;
            /** Format: int32 */
            max_compute_units: number;
            /**
             * Format: int64
             * @description What one transaction may cost: fee and rent.
             */
            max_lamports: number;
            max_transaction_bytes: number;
            /** @description The key that is to be the fee payer, and the `payer` of Aegle's instructions. */
            payer: components["schemas"]["Address"];
            /** @description Programs whose instructions a transaction may hold; of Aegle's own, everything but governance. */
            programs: components["schemas"]["Address"][];
            /** Format: int64 */
            wallet_lamports_per_day: number;
            /**
             * Format: int32
             * @description Days are those of UTC.
             */
            wallet_transactions_per_day: number;
            /** Format: int32 */
            wallet_transactions_per_minute: number;
        };
        /** @description A custodian's share of a record's key, encrypted to the clinician. */
        ReleasedShare: {
            custodian: components["schemas"]["Address"];
            record: components["schemas"]["Address"];
            share: components["schemas"]["Base64_81"];
            /**
             * Format: int32
             * @description How many of them give the key.
             */
            threshold: number;
        };
        Removed: {
            subscription: components["schemas"]["SubscriptionId"];
        };
        /** @description When a session now expires. */
        Renewed: {
            expires_at: components["schemas"]["Time"];
        };
        /**
         * @description What a delegate may do.
         * @enum {string}
         */
        RightName: "mint" | "grant" | "revoke" | "read";
        /** @description A session. */
        Session: {
            created_at: components["schemas"]["Time"];
            /** @description Whether it is the one that asks. */
            current: boolean;
            /** @description When it ends, however often it is renewed. */
            ends_at: components["schemas"]["Time"];
            expires_at: components["schemas"]["Time"];
            id: components["schemas"]["SessionId"];
            practitioner?: null | components["schemas"]["Address"];
            wallet: components["schemas"]["Address"];
        };
        /** @description Id of a session, 16 bytes in hex. */
        SessionId: string;
        /** @description The sessions of the caller that count, newest first. */
        Sessions: {
            data: components["schemas"]["Session"][];
        };
        /** @description Signature that identifies a transaction, 64 bytes in base58. */
        Signature: string;
        /** @description A session that has begun. */
        SignedIn: {
            session: components["schemas"]["Session"];
            /** @description To be sent as `Authorization: Bearer`. It is shown this once. */
            token: string;
        };
        /** @description Who keeps shares of the vault's content keys for emergencies, as its owner signed it. */
        SignedPlan: {
            /** @description The very text that was signed, JSON as `docs/content.md` has it; null where there is none. */
            plan?: string | null;
            signature?: null | components["schemas"]["Base64_64"];
        };
        /** @description A text that was signed to sign in. */
        SignedText: {
            message: string;
            /** @description That of the practitioner who acts for the wallet, where it is an organization's. */
            practitioner_signature?: string | null;
            /** @description The wallet's over the text, Ed25519, base64. */
            signature: string;
        };
        /** @description The answer to a challenge. */
        SignInRequest: {
            /** @description As it was given out with the text. */
            challenge: string;
            practitioner_signature?: null | components["schemas"]["Signature"];
            /** @description The wallet's signature, base58. */
            signature: components["schemas"]["Signature"];
            /** @description The text that the wallet says it signed; refused where it differs from the challenge's. */
            signed_message?: string | null;
        };
        /** @description How far the mirror has come. */
        Status: {
            confirmed_hash: components["schemas"]["BlockHash"];
            /** Format: int64 */
            confirmed_slot: number;
            finalized_hash: components["schemas"]["BlockHash"];
            /** Format: int64 */
            finalized_slot: number;
            /** Format: int64 */
            first_slot: number;
            genesis_hash: components["schemas"]["BlockHash"];
            /** Format: int64 */
            lag_seconds?: number | null;
            /**
             * Format: int64
             * @description Null while the node's slot is not known.
             */
            lag_slots?: number | null;
            /**
             * Format: int64
             * @description The node's newest confirmed slot when it was last asked; null before.
             */
            node_slot?: number | null;
            program: components["schemas"]["Address"];
            /** @description Whether the mirror is near enough to its node to answer. */
            ready: boolean;
            /** @description When the mirror last moved. */
            updated_at: components["schemas"]["Time"];
        };
        Stored: {
            /** @description How many were stored; others name a record without content here. */
            stored: number;
        };
        /** @description The content that was stored. */
        StoredRecord: {
            /** @description The commitment that the record on chain has to have. */
            commitment: components["schemas"]["Digest"];
            /** @description Whether it is on chain, confirmed. */
            minted: boolean;
            record: components["schemas"]["Address"];
        };
        /** @description A subscription that was made. */
        Subscribed: {
            /** @description Whether a code was sent that is waited for. */
            code_sent: boolean;
            /** @description What a webhook checks signatures with; never shown again. */
            secret?: string | null;
            subscription: components["schemas"]["SubscriptionId"];
            vault: components["schemas"]["Address"];
        };
        Subscription: {
            /** @description Whether the address's owner has entered the code; webhooks need none. */
            confirmed: boolean;
            created_at: components["schemas"]["Time"];
            ended_at?: null | components["schemas"]["Time"];
            failing_since?: null | components["schemas"]["Time"];
            kinds: components["schemas"]["Topic"][];
            subscription: components["schemas"]["SubscriptionId"];
            target: components["schemas"]["Target"];
            vault: components["schemas"]["Address"];
        };
        /** @description Id of a subscription, 16 bytes in hex. */
        SubscriptionId: string;
        /** @description A new subscription. */
        SubscriptionRequest: {
            /** @description All unless given. */
            kinds?: components["schemas"]["Topic"][];
            target: components["schemas"]["Target"];
            vault: components["schemas"]["Address"];
        };
        /** @description Where to. */
        Target: {
            /** @description `https://` address that takes messages as Standard Webhooks has them. */
            webhook: {
                url: string;
            };
        } | {
            /** @description An email address, to which a code goes first. */
            email: {
                address: string;
            };
        };
        /**
         * @description A time of the chain's clock, UTC, as ISO 8601.
         * @example 2026-11-21T12:00:00Z
         */
        Time: string;
        /** @description What wallets show of every record token; the same for all, so it says nothing about anybody. */
        TokenMetadata: {
            description: string;
            /** @description A picture as a data URI. */
            image: string;
            name: string;
            symbol: string;
        };
        /** @description Something that happened: no names, labels or records. */
        Told: {
            at: components["schemas"]["Time"];
            kind: components["schemas"]["Kind"];
            /** Format: int64 */
            number: number;
            vault: components["schemas"]["Address"];
        };
        /**
         * @description What somebody wants to be told.
         * @enum {string}
         */
        Topic: "grants" | "revocations" | "disclosures" | "emergencies" | "storage";
        /** @description What to sign: the fields as Sign-In With Solana names them, and the exact text. */
        ToSign: {
            /** @description The wallet, base58. */
            address: string;
            chainId: string;
            /** @description The challenge as the answer to it has to name it, sealed by the server. */
            challenge: string;
            domain: string;
            expirationTime: string;
            issuedAt: string;
            /** @description The text whose UTF-8 bytes are signed, by the wallet and by the practitioner. */
            message: string;
            nonce: string;
            /** @description The key that will sign the session's requests, as `aegle:request-key:` and base58. */
            resources: string[];
            statement: string;
            uri: string;
            version: string;
        };
        /** @description The transaction that did something. */
        Transaction: {
            /** @description Time of the chain's clock in the transaction. */
            at: components["schemas"]["Time"];
            signature: components["schemas"]["Signature"];
            /** Format: int64 */
            slot: number;
        };
        /** @description A patient's root. */
        Vault: {
            /**
             * Format: int64
             * @description A consent of another epoch permits nothing.
             */
            consent_epoch: number;
            created: components["schemas"]["Transaction"];
            /**
             * Format: int64
             * @description A delegate of another epoch has no rights.
             */
            delegate_epoch: number;
            /** Format: int64 */
            delegate_mint_cap: number;
            /**
             * Format: int64
             * @description Records minted by delegates, and how many they may mint together.
             */
            delegate_mints: number;
            /** @description Whether records may be opened in an emergency. */
            emergency_policy: components["schemas"]["EmergencyPolicy"];
            /** @description X25519 public key to which content is wrapped for the patient. */
            encryption_key: components["schemas"]["Digest"];
            /**
             * Format: int64
             * @description How often the guardians in effect changed. A recovery proposed under others is void.
             */
            guardian_epoch: number;
            guardians?: null | components["schemas"]["Guardians"];
            /** Format: int64 */
            key_epoch: number;
            owner: components["schemas"]["Address"];
            pending_guardians?: null | components["schemas"]["PendingGuardians"];
            pending_recovery?: null | components["schemas"]["PendingRecovery"];
            /**
             * Format: int64
             * @description Records ever minted, amendments included.
             */
            record_count: number;
            rent_payer: components["schemas"]["Address"];
            vault: components["schemas"]["Address"];
            vault_id: components["schemas"]["Digest"];
        };
        Withdrawn: {
            request: components["schemas"]["Digest"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4": string;
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_token_metadata: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenMetadata"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_access_requests: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of a vault of the caller's; without it, what is the caller's own. */
                patient?: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AccessRequest"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_access_request: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccessRequest"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_AccessRequest"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_access_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the request, hex */
                request: components["schemas"]["Digest"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Withdrawn"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_agent_key: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_AgentKey"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_app: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppSettings"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_audit_root: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the root's account, base58 */
                audit_root: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_AuditRoot"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_break_glass: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the opening, base58 */
                break_glass: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_BreakGlass"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_consent: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the consent, base58 */
                consent: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Consent"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_credentials: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same parameters (`limit` apart). */
                cursor?: string;
                /** @description Only credentials of this kind. */
                kind?: "practitioner" | "organization" | "researcher" | "pharmacy" | "manufacturer" | "insurer" | "custodian" | "agent";
                /** @description How many to answer. */
                limit?: number;
                /** @description Only credentials that this registrar issued: its address, not its key. */
                registrar?: components["schemas"]["Address"];
                /** @description Only credentials of this key. */
                subject?: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Credential"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_credential: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the credential, base58 */
                credential: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Credential"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_events: {
        parameters: {
            query?: {
                /** @description Only events that created or changed this account. */
                account?: components["schemas"]["Address"];
                /** @description `next` of an earlier answer to the same filter, or an id of its stream. */
                after?: string;
                /** @description Only events up to this slot. */
                as_of_slot?: number;
                /**
                 * @description `finalized` unless given: then nothing that was answered is ever taken back, and a cursor never
                 *     misses anything. A confirmed event may be undone with its block, and what replaces it may stand
                 *     before the cursor.
                 */
                commitment?: "finalized" | "confirmed";
                /** @description How many to answer. */
                limit?: number;
                /** @description Only events of this name, as in the program's IDL. */
                name?: string;
                /** @description Only events of this vault. */
                vault?: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_roots: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Key of the operator, base58 */
                operator: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditRoot"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_chain_record: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Address of the record, base58 */
                record: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_RecordHistory"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_recovery: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the recovery, base58 */
                recovery: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Recovery"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_registrars: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Registrar"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_registrar: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the registrar, base58 */
                registrar: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Registrar"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_events: {
        parameters: {
            query?: {
                /** @description Only events that created or changed this account. */
                account?: components["schemas"]["Address"];
                /**
                 * @description Where to start without `Last-Event-ID`: `now` (unless given) with what becomes final from now on,
                 *     `first` with the mirror's first event, or after an id of this stream or a `next` of
                 *     `/v1/chain/events`, each of the same filter.
                 */
                from?: string;
                /** @description Only events of this name, as in the program's IDL. */
                name?: string;
                /** @description Only events of this vault. */
                vault?: components["schemas"]["Address"];
            };
            header?: {
                /** @description The last id received; goes before `from` */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Event"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_vaults: {
        parameters: {
            query: {
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description The wallet that owns them. */
                owner: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Vault"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_vault: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Vault"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_break_glass: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. An emergency opening counts as soon as it is confirmed. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Only openings that were reviewed, or only those that were not. */
                reviewed?: boolean;
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_BreakGlass"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_chain_consents: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Consent"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_delegates: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Delegate"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_chain_records: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Record"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_recoveries: {
        parameters: {
            query?: {
                /**
                 * @description The state as it was when this slot was over, from the mirror's first slot to its confirmed one.
                 *     Slots not final yet are answered unless `commitment=finalized` is given; `meta` says which it is.
                 *     Without it, each page shows the state of its own time.
                 */
                as_of_slot?: number;
                /** @description `finalized` unless given. */
                commitment?: "finalized" | "confirmed";
                /** @description `next` of the page before, for the same path and the same parameters (`limit` apart). */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    "aegle-finalized-slot"?: number;
                    "aegle-lag-seconds"?: number;
                    "aegle-lag-slots"?: number;
                    "aegle-slot"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Recovery"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_consents: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_HeldConsent"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConsent"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_HeldConsent"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    draft_consent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_DraftPreview"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_dealt_shares: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DealtShare"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deal_shares: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKeyShares"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_plan: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_SignedPlan"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_plan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPlan"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_plan: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_disclosures: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Disclosure"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_accounting: {
        parameters: {
            query: {
                /** @description First day, UTC; six years ago unless given, and never before. */
                from?: string;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
                /** @description Last day, UTC; today unless given. */
                until?: string;
            };
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/pdf": number[];
                    "text/csv": string;
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_head: {
        parameters: {
            query: {
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
                /** @description Entries of the checkpoint that it is proved for, of those that were made; a new one unless given. */
                size?: number;
            };
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DisclosureHead"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_emergencies: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of a vault of the caller's; without it, what is the caller's own. */
                patient?: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OpenedEmergency"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_emergency: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use: ETREAT */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEmergency"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_OpenedEmergency"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    collect_shares: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use: ETREAT */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path: {
                /** @description Account of the opening, base58 */
                break_glass: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ReleasedShare"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_endings: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Ending"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_notices: {
        parameters: {
            query: {
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: {
                /** @description The last number received */
                "Last-Event-ID"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Told"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_explanation: {
        parameters: {
            query: {
                /** @description The wallet whose view is explained. */
                grantee: components["schemas"]["Address"];
                /** @description Address of the caller's own vault. */
                patient: components["schemas"]["Address"];
                purpose?: "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Explained"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_guardian_shares: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_GuardianShare"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hand_guardian_share: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandedShare"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_holds: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Hold"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notices: {
        parameters: {
            query: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
                /** @description Only what the caller has not read. */
                unread?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Notice"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mark_read: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Read"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_ReadUntil"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keyrings: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Keyring"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_keyring: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKeyring"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_log: {
        parameters: {
            query?: {
                /** @description The newest checkpoint of at most so many entries; the newest of all unless given. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogStatus"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_consistency: {
        parameters: {
            query: {
                /** @description Entries that the log had, at least one. */
                from: number;
                /** @description Entries that it has; not more than the newest checkpoint. */
                to: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proof"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_inclusion: {
        parameters: {
            query: {
                /** @description Place of the entry. */
                index: number;
                /** @description Entries of the log that it is proved for; not more than the newest checkpoint has. */
                size: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proof"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_leaves: {
        parameters: {
            query?: {
                /** @description Place of the first. */
                from?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leaves"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Digest, hex, as an entry has it */
                digest: components["schemas"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedText"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_items: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of a vault of the caller's; without it, what is the caller's own. */
                patient?: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MailboxItem"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_item: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewItem"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_MailboxItem"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the item, hex */
                item: components["schemas"]["Digest"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_MailboxItem"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    accept_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the item, hex */
                item: components["schemas"]["Digest"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acceptance"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_AcceptedItem"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_item_content: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the item, hex */
                item: components["schemas"]["Digest"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_patients: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description How many to answer. */
                limit?: number;
            };
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Patient"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_profiles: {
        parameters: {
            query?: {
                /** @description Addresses of credentials and registrars, at most 40, separated by commas. */
                accounts?: string;
                /** @description Part of a name or specialty, of people who have a credential. */
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profiles"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_profile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Address of the credential or registrar, base58 */
                account: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProfileBody"];
            };
        };
        responses: {
            /** @description It is shown. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_profile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Address of the credential or registrar, base58 */
                account: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_receipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Place in the log, as the receipt has it */
                index: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenedReceipt"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_records: {
        parameters: {
            query: {
                /** @description Only records of this category. */
                category?: string;
                /** @description `next` of the page before, for the same parameters (`limit` apart). */
                cursor?: string;
                /** @description Only records whose care reaches into the days from this one on, and up to this one. */
                from?: string;
                /** @description How many to answer. */
                limit?: number;
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
                /** @description `-date`, the newest care first, unless given. Records without a date come last. */
                sort?: "-date" | "date" | "-minted" | "minted";
                /** @description Only records of this imaging study. */
                study?: components["schemas"]["Address"];
                until?: string;
            };
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_HeldRecord"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_record: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecord"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_StoredRecord"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_record: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path: {
                /** @description Address of the record, base58 */
                record: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_HeldRecord"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_content: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use, an HL7 code */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
                /** @description One range of bytes, RFC 9110 section 14 */
                range?: string | null;
            };
            path: {
                /** @description Address of the record, base58 */
                record: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description Permitted, but the key is not encrypted to the caller yet: `key_pending`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_content: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Address of the record, base58 */
                record: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewContentKey"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_StoredRecord"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_erasure: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Address of the record, base58 */
                record: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_RecordErasure"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_relay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RelayTerms"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    relay_transaction: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RelayRequest"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relayed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_relayed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Signature of the transaction, base58 */
                signature: components["schemas"]["Signature"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Relayed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_releases: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OpenedEmergency"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fetch_shares: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use: ETREAT */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path: {
                /** @description Account of the opening, base58 */
                break_glass: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_KeptShare"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    release_shares: {
        parameters: {
            query?: never;
            header: {
                /** @description Purpose of use: ETREAT */
                "aegle-purpose": "TREAT" | "ETREAT" | "HPAYMT" | "HOPERAT" | "HRESCH" | "PUBHLTH" | "FAMRQT" | "PATRQT" | "HMARKT";
            };
            path: {
                /** @description Account of the opening, base58 */
                break_glass: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReleases"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sessions"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They have ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the session, hex */
                session: components["schemas"]["SessionId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    renew_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Renewed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInRequest"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ask_challenge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChallengeRequest"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ToSign"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_subscriptions: {
        parameters: {
            query: {
                /** @description Address of the patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Subscription"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_subscription: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscriptionRequest"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Subscribed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_subscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the subscription, hex */
                subscription: components["schemas"]["SubscriptionId"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Removed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_subscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the subscription, hex */
                subscription: components["schemas"]["SubscriptionId"];
                /** @description Address of the vault, base58 */
                vault: components["schemas"]["Address"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Confirmed"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_upload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description Send bytes to the address in `Location`. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUpload"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the upload, hex */
                upload: components["schemas"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the upload, hex */
                upload: components["schemas"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where it goes on. */
            204: {
                headers: {
                    /** @description `?1` once all are there, else `?0` */
                    "upload-complete"?: string;
                    /** @description Bytes of the whole */
                    "upload-length"?: number;
                    /** @description `min-append-size`, `max-append-size`: bytes that one request may add, at least (the last one apart) and at most */
                    "upload-limit"?: string;
                    /** @description Bytes that are there */
                    "upload-offset"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    append_upload: {
        parameters: {
            query?: never;
            header: {
                /** @description Where the bytes belong: how many are there */
                "upload-offset": number;
            };
            path: {
                /** @description Id of the upload, hex */
                upload: components["schemas"]["Digest"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/partial-upload": string;
            };
        };
        responses: {
            /** @description They are stored. */
            204: {
                headers: {
                    /** @description `?1` once all are there, else `?0` */
                    "upload-complete"?: string;
                    /** @description Bytes of the whole */
                    "upload-length"?: number;
                    /** @description As for HEAD */
                    "upload-limit"?: string;
                    /** @description Bytes that are there */
                    "upload-offset"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The upload goes on elsewhere. */
            409: {
                headers: {
                    /** @description Where */
                    "upload-offset"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_wraps: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_HeldWrap"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_wraps: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWraps"];
            };
        };
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer_Stored"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pending_wraps: {
        parameters: {
            query: {
                /** @description Address of a patient's vault. */
                patient: components["schemas"]["Address"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_PendingWrap"];
                };
            };
            /** @description A refusal. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}

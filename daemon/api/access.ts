/** How the API treats those who speak to it: who they are, what they see, how often they may ask, what is kept of it. */
import type { Owner } from '../../backends/backend.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { bodyLimit } from '../protocol/routes.ts';
import { type AuditLog, NO_AUDIT_LOG } from './audit-log.ts';
import type { Answer, Peer } from './engine-door.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import { type RateLimit, RequestRate } from './rate-limit.ts';
import type { Visibility } from './roles.ts';
import { identifyInSystemMode, type Privileged } from './system-mode.ts';
import { identifyInUserMode } from './user-mode.ts';

export interface Access {
  /** Who the process at the other end is, or why it may not speak. Asked once per connection. */
  readonly identify: (credentials: PeerCredentials) => Promise<Answer<Peer>>;
  /** What users see of the runs of others; it may change while the daemon runs. */
  readonly visibility: () => Visibility;
  /** Bytes that a submission may have: a workflow with the contents of its files. */
  readonly submissionBytes: number;
  readonly rate: RequestRate;
  readonly audit: AuditLog;
}

/** What a site may set for its users. */
export interface AccessSettings extends Privileged {
  readonly visibility: Visibility;
  /** Taken at the start of the daemon. */
  readonly submissionBytes: number;
  readonly requests: RateLimit;
}

/** One person's daemon: he is alone with it, and with root. */
export function accessInUserMode(owner: Owner): Access {
  return {
    identify: identifyInUserMode(owner),
    visibility: () => 'all',
    submissionBytes: bodyLimit('submitRun'),
    rate: new RequestRate(() => ({ perSecond: 10_000, burst: 10_000 })),
    audit: NO_AUDIT_LOG,
  };
}

export function accessInSystemMode(
  accounts: Accounts,
  settings: () => AccessSettings,
  audit: AuditLog,
): Access {
  return {
    identify: identifyInSystemMode(accounts, settings),
    visibility: () => settings().visibility,
    submissionBytes: settings().submissionBytes,
    rate: new RequestRate(() => settings().requests),
    audit,
  };
}

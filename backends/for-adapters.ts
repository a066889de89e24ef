/** All that an adapter of a site may import from us, as `wfd/backend`: what is listed here stays as it is. */
export type {
  Adapter,
  AdapterDefaults,
  AdapterOptions,
  OptionMistake,
  Site,
} from './adapter/adapter.ts';
export type {
  AbortManner,
  AccountingQuery,
  Blocked,
  Capabilities,
  EndKind,
  EndReport,
  Gpus,
  JobObservation,
  KnownJob,
  NativeId,
  Owner,
  Probe,
  RequestReply,
  Resources,
  ScriptHead,
  Snapshot,
  SubmitReply,
  SubmitRequest,
  Tag,
} from './backend.ts';
export { type Ask, allSent, type BatchScheduler, type BatchSettings, together } from './batch-driver.ts';
export { ownLog, ownUmask, ownVariables } from './preamble.ts';
export type { CommandLine, CommandResult } from './run-command.ts';
export { shellQuote } from './shell-quote.ts';
export { isMissing, oneLine, whyNot } from './why-not.ts';

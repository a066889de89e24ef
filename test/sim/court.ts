/** Where broken rules are reported. The first one ends a simulation: what follows from it tells nothing. */

export interface Court {
  accuse(rule: string, what: string): void;
}

/** The rules, in the words of SEMANTICS; each accusation begins with one, and a colon. */
export const RULES = {
  transition: 'only legal transitions',
  endedRow: 'ended rows never change',
  failureMode: 'nothing starts after a failure for good under NoNewCalls, nothing but steps while aborting',
  held: 'nothing new starts while held, paused or draining',
  limits: 'limits are kept',
  intention: 'the intention is on disk before the submit command runs, and a tag is used once',
  budget: 'retry budgets are kept',
  runEnd: 'a run ends as its calls and its aborts say',
  endBeforeJob: 'nothing ends before its job',
  twice: 'no command runs twice to effect',
  verdict: 'an attempt ends as its job did',
  forgotten: 'no job is forgotten',
  foreign: 'jobs of others are left alone',
  abortManner: 'a job is ended in the way its task wants',
  finalization: 'finalization happens once',
  answer: 'an answer says what is on disk',
  progress: 'every run ends after healing',
  crash: 'a tick never fails',
  invariant: 'the engine’s own invariants hold',
} as const;

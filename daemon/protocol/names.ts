/** What people may call things, in a workflow and on the command line alike. */

interface Rule {
  readonly pattern: RegExp;
  /** The predicate of a sentence about what breaks it. */
  readonly message: string;
}

export const LABEL_NAME: Rule = {
  pattern: /^[A-Za-z0-9_.\-/]{1,100}$/,
  message: 'must be of letters, digits and _ . - / (at most 100)',
};

/** Shown on terminals, in tables: no control character moves the cursor there. */
export const ONE_LINE: Rule = {
  pattern: /^[^\p{Cc}\p{Cs}]*$/u,
  message: 'must be one line without control characters',
};

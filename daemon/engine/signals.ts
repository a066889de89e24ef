/** Names of Linux signals (signal(7)), where the numbers are the same on x86 and arm. */
const NAMES = [
  ...[
    'HUP',
    'INT',
    'QUIT',
    'ILL',
    'TRAP',
    'ABRT',
    'BUS',
    'FPE',
    'KILL',
    'USR1',
    'SEGV',
    'USR2',
    'PIPE',
    'ALRM',
  ],
  ...[
    'TERM',
    'STKFLT',
    'CHLD',
    'CONT',
    'STOP',
    'TSTP',
    'TTIN',
    'TTOU',
    'URG',
    'XCPU',
    'XFSZ',
    'VTALRM',
    'PROF',
  ],
  ...['WINCH', 'IO', 'PWR', 'SYS'],
];

/** 9 → `KILL`; a number without a name stays a number. */
export function signalName(number: number): string {
  return NAMES[number - 1] ?? String(number);
}

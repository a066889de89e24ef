/** An interactive shell at a terminal of its own (script(1)), at which a test types. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Keys: what a person presses. */
export const TAB = '\t';
/** Each shell is told to print its line, as it is then, between `LINE<` and `>`. */
const SHOW = '\u0007';
const CLEAR = '\u0015';

const SHELLS = {
  bash: {
    command: 'bash --norc --noprofile -i',
    setUp: `bind -x '"\\C-g": printf "LINE<%s>" "$READLINE_LINE"'`,
  },
  zsh: {
    command: 'zsh -f -i',
    setUp: `autoload -Uz compinit; compinit -D -u; show-line() { print -rn -- "LINE<$BUFFER>" }; zle -N show-line; bindkey '^G' show-line; bindkey '^U' kill-whole-line; unsetopt list_beep`,
  },
} as const;

export class TypingShell {
  private readonly process: ChildProcess;
  private seen = '';

  private constructor(process: ChildProcess) {
    this.process = process;
    process.stdout?.on('data', (chunk) => {
      this.seen += chunk;
    });
  }

  static async start(
    name: keyof typeof SHELLS,
    env: Readonly<Record<string, string>>,
    script: string,
    cwd: string,
  ): Promise<TypingShell> {
    const { command, setUp } = SHELLS[name];
    const shell = new TypingShell(
      spawn('script', ['--quiet', '--command', command, '/dev/null'], {
        env: { ...env, TERM: 'dumb', PS1: '', HISTFILE: '' },
        cwd,
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );
    // The words that end the preparation are put together by the shell: the terminal echoes what is typed.
    shell.process.stdin?.write(`${setUp}\nsource ${script}\nprintf '%s-%s\\n' set up\n`);
    await shell.until(/set-up/);
    return shell;
  }

  /** What the line is after these keys, most of them typed by the shell. */
  async line(keys: string): Promise<string> {
    this.seen = '';
    this.process.stdin?.write(`${keys}${SHOW}`);
    const [, line = ''] = await this.until(/LINE<(.*?)>/s);
    this.process.stdin?.write(CLEAR);
    return line;
  }

  end(): void {
    this.process.kill('SIGHUP');
  }

  private async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (const endsAt = performance.now() + 30_000; ; await sleep(20)) {
      const match = pattern.exec(this.seen);
      if (match !== null) return match;
      if (performance.now() > endsAt)
        throw new Error(`the shell does not say ${pattern}:\n${JSON.stringify(this.seen)}`);
    }
  }
}

/**
 * As one word of the shell, whatever it holds. What a scheduler looks for in the text of a script must not be found in
 * the middle of a word: sbatch obeys `#PBS -h` and `#BSUB`, qsub `#$ -h`, at the beginning of any line, and sbatch
 * refuses a script with CRLF in it (observed, Slurm 22.05 and Son of Grid Engine 8.1.9). So the quotes are closed
 * around each newline.
 */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`).replaceAll('\n', "''\n''")}'`;
}

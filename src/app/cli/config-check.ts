/** `config check`: says of a file what a node would say of it, without starting one. */
import { faultText, type Fault } from '../config/findings.js';
import { examineConfig, type LoadOptions } from '../config/load.js';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

/** The exit code. */
export async function checkConfig(options: LoadOptions, terminal: Terminal): Promise<number> {
  const { loaded, remarks } = await examineConfig(options);
  for (const { level, text } of remarks) terminal.out(`${level === 'warn' ? 'warning' : 'note'}: ${text}\n`);
  if (!loaded.ok) {
    terminal.err(faultsText(loaded.error));
    return 1;
  }
  const { files } = loaded.value;
  terminal.out(`${files.length === 0 ? 'the defaults' : files.join(', ')}: a node can start with this\n`);
  return 0;
}

export function faultsText(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? 'one thing is wrong' : `${String(faults.length)} things are wrong`;
  return [`the configuration cannot be used: ${count}`, ...faults.map((fault) => `  ${faultText(fault)}`), ''].join(
    '\n',
  );
}

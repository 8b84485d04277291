/** An operator at the lab's servers: asks for switches, each judged on how the servers are at that moment. */
import { expect } from 'vitest';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { SwitchCommand } from '../../../src/core/recovery/requests/switching.js';
import type { Answer, SwitchRequest } from '../../../src/runtime/ports/service.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { LabNodes } from './lab-nodes.js';

export class LabSwitches {
  readonly #nodes: LabNodes;

  constructor(nodes: LabNodes) {
    this.#nodes = nodes;
  }

  request(command: SwitchCommand, server: LabServer, changes: Partial<SwitchRequest> = {}): SwitchRequest {
    const nothing = { channel: null, seconds: null, binaryLog: '', connection: null, until: '', force: false };
    const asked = { command, clusterId: this.#nodes.cluster(), server: this.#nodes.idOf(server), requestedBy: 'ann' };
    return { ...nothing, ...asked, ...changes };
  }

  async ask(
    command: SwitchCommand,
    server: LabServer,
    changes: Partial<SwitchRequest> = {},
  ): Promise<Answer<Recovery>> {
    await this.#nodes.observe();
    return await this.#nodes.driver.switches.ask(this.request(command, server, changes));
  }

  async done(command: SwitchCommand, server: LabServer, changes: Partial<SwitchRequest> = {}): Promise<void> {
    const answer = await this.ask(command, server, changes);
    const succeeded = { ok: true, value: { verdict: { kind: 'succeeded' } } };
    const said = `${JSON.stringify(answer.ok ? answer.value.verdict : answer.refusal)}\n${this.#nodes.lines.join('\n')}`;
    expect(answer, said).toMatchObject(succeeded);
  }

  /** Before anything is begun. */
  async refused(
    command: SwitchCommand,
    server: LabServer,
    code: string,
    changes: Partial<SwitchRequest> = {},
  ): Promise<void> {
    const before = this.#nodes.recoveries.length;
    expect(await this.ask(command, server, changes)).toMatchObject({ ok: false, refusal: { code } });
    expect(this.#nodes.recoveries).toHaveLength(before);
  }
}

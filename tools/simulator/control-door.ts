// Who runs a simulator in a process of its own asks it and troubles it here: on 127.0.0.1, in JSON.
//
//     GET /                        counts, seeds and addresses
//     POST /faults/ADDRESS/FAULT   one of the faults, or `none`
import { createServer, type Server } from 'node:http';
import { FAULTS, type Fault } from './simulated-world.js';
import type { Counts, Simulation } from './simulator.js';

export interface ControlAnswer extends Counts {
  readonly seeds: readonly string[];
  readonly addresses: readonly string[];
}

export async function openControlDoor(simulation: Simulation, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    const order = /^\/faults\/([^/]+)\/([^/]+)$/.exec(request.url ?? '');
    if (request.method === 'GET' && request.url === '/') answer(200, shown(simulation));
    else if (request.method === 'POST' && order !== null) {
      obey(simulation, order[1] ?? '', order[2] ?? '').then(
        () => {
          answer(200, simulation.counts);
        },
        (error: unknown) => {
          answer(400, { error: error instanceof Error ? error.message : String(error) });
        },
      );
    } else answer(404, { error: 'GET / or POST /faults/ADDRESS/FAULT' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

function shown(simulation: Simulation): ControlAnswer {
  return { ...simulation.counts, seeds: simulation.seeds, addresses: simulation.addresses };
}

async function obey(simulation: Simulation, address: string, word: string): Promise<void> {
  const fault = FAULTS.find((known): known is Fault => known === word) ?? null;
  if (fault === null && word !== 'none') throw new Error(`${word} is none of ${FAULTS.join(', ')}, none`);
  await simulation.setFault(address, fault);
}

/** Asks a running cluster what scripts of the incumbent ask, in every form that they have, and says what is answered otherwise. */
import { misfits } from './misfits.js';
import { INCUMBENT_API, type IncumbentRoute } from './routes.js';

export interface Heard {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export type Ask = (method: 'GET' | 'HEAD', url: string) => Promise<Heard>;

/** The route of the table that a path, without its query, is answered by: the one that leaves least open. */
export function routeOf(path: string): IncumbentRoute {
  const fitting = INCUMBENT_API.filter(({ path: template }) =>
    new RegExp(`^${template.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  ).sort((one, other) => one.path.split(':').length - other.path.split(':').length);
  const [route] = fitting;
  if (route === undefined) throw new Error(`${path} is no route of the incumbent`);
  return route;
}

/** Every line is one thing that differs. A read is asked in all four forms, a command looked at and then done once. */
export async function differences(
  route: IncumbentRoute,
  url: string,
  error: string | null,
  ask: Ask,
): Promise<readonly string[]> {
  const [path = '', query] = url.split('?');
  const tail = query === undefined ? '' : `?${query}`;
  const ended = route.path.includes(':') && query === undefined ? `${path}%0A` : path;
  const found = judged('HEAD', await ask('HEAD', url), (heard) => headed(heard));
  const forms =
    route.right === 'write'
      ? [`${ended}/${tail}`]
      : [url, `${path}/${tail}`, `${ended}${query === undefined ? '' : `${tail}%0A`}`];
  for (const form of forms) {
    const heard = await ask('GET', form);
    found.push(...judged(form, heard, () => (error === null ? answered(route, heard) : refused(heard, error))));
  }
  return found.map((line) => `${route.path}: ${line}`);
}

function judged(form: string, heard: Heard, judge: (heard: Heard) => readonly string[]): string[] {
  const type = heard.type === 'application/json; charset=UTF-8' ? [] : [`it is ${heard.type}`];
  return [...type, ...judge(heard)].map((line) => `${form}: ${line}`);
}

function headed({ status, text }: Heard): readonly string[] {
  return [200, 404, 500, 503].includes(status) && text === '' ? [] : [`${String(status)} ${text}`];
}

function answered({ answer }: IncumbentRoute, { status, text }: Heard): readonly string[] {
  if (status !== 200) return [`${String(status)} ${text.slice(0, 600)}`];
  const value: unknown = JSON.parse(text);
  if (!answer.startsWith('OK ')) return misfits(answer, value);
  const { Code, Message, Details } = value as Readonly<Record<string, unknown>>;
  const envelope = Object.keys(value as object).join() === 'Code,Message,Details' && Code === 'OK';
  if (!envelope || typeof Message !== 'string') return [`no envelope: ${text.slice(0, 300)}`];
  return misfits(answer.slice('OK '.length), Details);
}

/** An error of a handler: 500, and an envelope whose Details are of a shape. */
export function refused({ status, text }: Heard, details: string): readonly string[] {
  const { Code, Message, Details } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const isEnvelope = status === 500 && Code === 'ERROR' && typeof Message === 'string' && Message !== '';
  return isEnvelope ? misfits(details, Details) : [`no error: ${String(status)} ${text.slice(0, 300)}`];
}

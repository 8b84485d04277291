/** Who may come in and who may change something, from the incumbent's keys; and what is open that looks shut. */
import type { Authentication, Circle } from '../config.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

export function readAuthentication(values: Values, findings: Findings): Authentication {
  const password = { user: values.HTTPAuthUser, password: values.HTTPAuthPassword };
  const method = values.AuthenticationMethod;
  switch (method) {
    case 'none':
      return { method };
    case 'basic':
      if (password.user !== '') return { method, ...password };
      findings.warn(
        'AuthenticationMethod is "basic" and HTTPAuthUser is not set: NOBODY IS ASKED for a password, as with the incumbent',
      );
      return { method: 'none' };
    case 'multi':
      if (password.user === '') {
        findings.warn('AuthenticationMethod is "multi" and HTTPAuthUser is not set: nobody but "readonly" may come in');
      }
      return { method, ...password };
    case 'proxy':
      return readProxy(values, findings);
    case 'token':
      if (password.user === '') {
        findings.warn(
          'AuthenticationMethod is "token" and HTTPAuthUser is not set: nobody can issue an access token, so NOBODY CAN ' +
            'CHANGE ANYTHING over HTTP. Set HTTPAuthUser and HTTPAuthPassword for those who issue them',
        );
      }
      return { method, ...password };
  }
}

function readProxy(values: Values, findings: Findings): Authentication {
  const userHeader = values.AuthUserHeader.trim().toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(userHeader)) {
    const given = JSON.stringify(values.AuthUserHeader);
    findings.fault('AuthUserHeader', `${given} was given; allowed: the name of a header that the proxy sets`);
  }
  if (values.ListenSocket === '' && !isLocal(values.ListenAddress.host)) {
    findings.warn(
      `AuthenticationMethod is "proxy": WHOEVER REACHES port ${String(values.ListenAddress.port)} past the proxy can call ` +
        `himself what he likes in ${values.AuthUserHeader}; let only the proxy and the other nodes reach it`,
    );
  }
  const power: Circle = { users: values.PowerAuthUsers, groups: values.PowerAuthGroups };
  const admins: Circle = { users: values.AdminAuthUsers, groups: values.AdminAuthGroups };
  const everyPowerIsAdmin = admins.users.length === 0 && admins.groups.length === 0;
  return { method: 'proxy', userHeader, power, admins: everyPowerIsAdmin ? null : admins };
}

function isLocal(host: string | null): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost';
}

/** The doors: who may come in, and who may change something. */
import { works, worksHidden } from './key.js';
import { authenticationMethod, bool, integer, secret, text, texts } from './kinds.js';

export const DOOR_KEYS = {
  ReadOnly: works(bool, false, 'Refuse every request that would change something'),
  AuthenticationMethod: works(
    authenticationMethod,
    '',
    'Who may come in: `basic`: HTTPAuthUser. `multi`: also `readonly`, with any password, who may only look. `proxy`: whom ' +
      'AuthUserHeader names. `token`: all may look, holders of an access token may change; see docs/http-api.md',
  ),
  HTTPAuthUser: works(
    text,
    '',
    'User name for `basic` (empty: no authentication), `multi`, and for those who issue the tokens of `token`',
  ),
  HTTPAuthPassword: worksHidden(secret, '', 'Password of that user'),
  AuthUserHeader: works(text, 'X-Forwarded-User', 'Header in which the proxy of `proxy` names the user'),
  PowerAuthUsers: works(texts, ['*'], 'Users who may change something, with `proxy`; `*`: everybody'),
  PowerAuthGroups: works(texts, [], 'Groups of the machine whose users may, with `proxy`'),
  AdminAuthUsers: works(
    texts,
    [],
    'Which of them may change the cluster of nodes and its configuration too; empty, and AdminAuthGroups also: all. New here',
  ),
  AdminAuthGroups: works(texts, [], 'Groups of the machine whose users may do that. New here'),
  AccessTokenUseExpirySeconds: works(integer(1), 60, 'An access token has to be used within this time, seconds'),
  AccessTokenExpiryMinutes: works(integer(1), 1440, 'An access token ends after this time, minutes'),
  AllowCrossSiteWrites: works(
    bool,
    false,
    'Also take commands from pages of other sites, as the incumbent does; scripts need it only if they claim to be such a ' +
      'page (Origin, Referer or Sec-Fetch-Site headers). New here',
  ),
  HTTPWritesPerSecondMax: works(
    integer(0),
    200,
    'So many commands a second may one address give, five times that at once; 0: any number. New here',
  ),
  UseSSL: works(bool, false, 'Serve HTTPS, and TLS at the gRPC port where RaftTLSCAFile and its kin are not given'),
  SSLCertFile: works(text, '', 'Certificate of this node for that, with what signed it where browsers do not know it'),
  SSLPrivateKeyFile: works(text, '', 'Key of that certificate, without a passphrase'),
  SSLCAFile: works(text, '', 'Certificate authority of callers and of the other nodes'),
  SSLSkipVerify: works(bool, false, 'Do not verify the certificates of the other nodes'),
  UseMutualTLS: works(bool, false, 'Take only callers with a certificate of SSLCAFile'),
  SSLValidOUs: works(
    texts,
    [],
    "Organizational units, of which a caller's certificate has to name one; empty: all. Those of the nodes among them",
  ),
  StatusOUVerify: works(bool, false, 'Health checks need such a certificate too'),
} as const;

import type { Failure } from '../failure.ts'

export const tlsRequired: Failure = {
  kind: 'tlsRequired',
  isTransient: false,
  why: 'TLS is missing: the server has a line for this user and address at most for connections with TLS, as on RDS with rds.force_ssl',
  instead:
    'sslmode=verify-full and sslrootcert in the URL, or ssl in the configuration of the pool; else a line in pg_hba.conf',
}

const tlsUnsupported: Failure = {
  kind: 'tlsUnsupported',
  isTransient: false,
  why: 'TLS was asked for, and the other side does not speak it at this port',
  instead: 'the right port; or a server with ssl = on; or sslmode=disable in the URL, inside a network that you trust',
}

const certificate: Failure = {
  kind: 'certificate',
  isTransient: false,
  why: 'this process does not trust the certificate of the server',
  instead:
    'the certificate of the authority that signed it, as sslrootcert in the URL or ssl.ca in the configuration of the pool',
}

export const clientCertificate: Failure = {
  ...certificate,
  why: 'the server asks this client for a certificate, and does not accept the one that it gave, if any',
  instead: 'sslcert and sslkey in the URL, or ssl.cert and ssl.key in the configuration of the pool',
}

const unreadableCertificate: Failure = {
  ...certificate,
  why: 'a certificate or key in the configuration of this process is no PEM text, or the two do not belong together',
  instead:
    'the whole text of the file, with its BEGIN and END lines and its line breaks (a variable of the environment may have lost those)',
}

/** The handshake began, so the other side speaks TLS. */
const tlsDisagreement: Failure = {
  kind: 'tlsUnsupported',
  isTransient: false,
  why: 'the two sides agree on no version or cipher of TLS, or the server wants a certificate of this client',
  instead:
    'ssl.minVersion, ssl.maxVersion and ssl.ciphers of the pool that the server accepts (ssl_min_protocol_version there); or ssl.cert and ssl.key',
}

const wrongCertificateName: Failure = {
  ...certificate,
  why: 'the certificate of the server is for another host name than the one in the URL',
  instead:
    'the host name that the certificate names in the URL, or that name as ssl.servername in the configuration of the pool',
}

const expiredCertificate: Failure = {
  ...certificate,
  why: 'the certificate of the server is not valid at this time',
  instead: 'a new certificate on the server, and the right time on this machine',
}

/** Error names of Node and OpenSSL. */
export const tlsCodes: { readonly [code: string]: Failure } = {
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  UNABLE_TO_GET_ISSUER_CERT: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  CERT_UNTRUSTED: certificate,
  CERT_REVOKED: certificate,
  CERT_SIGNATURE_FAILURE: certificate,
  CERT_CHAIN_TOO_LONG: certificate,
  INVALID_PURPOSE: certificate,
  INVALID_CA: certificate,
  UNABLE_TO_GET_CRL: certificate,
  CRL_HAS_EXPIRED: certificate,
  CERT_HAS_EXPIRED: expiredCertificate,
  CERT_NOT_YET_VALID: expiredCertificate,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongCertificateName,
  HOSTNAME_MISMATCH: wrongCertificateName,
  EPROTO: tlsUnsupported,
  ERR_SSL_WRONG_VERSION_NUMBER: tlsUnsupported,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: clientCertificate,
}

/** Messages of pg that come without a code. */
export const tlsMessages: readonly (readonly [RegExp, Failure])[] = [
  [/^The server does not support SSL connections/, tlsUnsupported],
  [
    /^There was an error establishing an SSL connection/,
    {
      ...tlsUnsupported,
      why: 'the other side answered the request for TLS with something else: it is no PostgreSQL server, or it refused with an error that the driver does not show',
      instead:
        'host and port of the server or its pooler in the URL; one attempt with sslmode=disable from a network that you trust shows the error',
    },
  ],
]

/** OpenSSL's reasons behind `EPROTO`, which Node uses for all failures while it writes. */
export const withinProtocol: readonly (readonly [RegExp, Failure])[] = [
  [/alert (?:unknown ca|bad certificate|certificate (?:required|unknown|expired|revoked))/, clientCertificate],
  [/alert|unsupported protocol|no protocols available|no shared cipher|no cipher/, tlsDisagreement],
]

/** Returns what a name of OpenSSL means that is not in the table. It has hundreds, by subject. */
export function tlsFailureOf(code: string): Failure | undefined {
  if (code.startsWith('ERR_SSL_')) return tlsDisagreement
  return code.startsWith('ERR_OSSL_') ? unreadableCertificate : undefined
}

/** How keys of one kind are written. */
export interface SecretForm {
  prefix: string;
  /** What may stand behind it, as the inside of a character class. */
  body: string;
  /** How many of those there are at least. */
  min: number;
}

const ANY = 'A-Za-z0-9_\\-';
const PLAIN = 'A-Za-z0-9';

const form = (prefix: string, body: string, min: number): SecretForm => ({ prefix, body, min });

/** Keys that tell by how they begin what they are. */
export const SECRET_FORMS: readonly SecretForm[] = [
  // Models.
  form('sk-', ANY, 12),
  form('gsk_', PLAIN, 20),
  form('hf_', PLAIN, 20),
  form('AIza', ANY, 30),
  form('ya29.', ANY, 20),
  form('GOCSPX-', ANY, 20),
  form('xai-', ANY, 20),
  form('r8_', PLAIN, 20),
  form('pplx-', PLAIN, 20),
  // Clouds.
  ...['AKIA', 'ASIA', 'AROA', 'AIDA', 'ABIA', 'ACCA'].map((prefix) => form(prefix, 'A-Z0-9', 16)),
  form('dop_v1_', PLAIN, 20),
  form('hvs.', ANY, 20),
  form('vercel_', PLAIN, 20),
  // Code.
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form(prefix, PLAIN, 16)),
  form('github_pat_', ANY, 20),
  form('glpat-', ANY, 16),
  form('npm_', PLAIN, 20),
  form('pypi-', ANY, 20),
  // Money and messages.
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'pk_live_', 'pk_test_', 'whsec_'].map((prefix) =>
    form(prefix, `${PLAIN}+/=`, 10),
  ),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxo-', 'xoxs-', 'xoxr-', 'xoxe-', 'xapp-'].map((prefix) => form(prefix, ANY, 10)),
  form('SG.', `${ANY}.`, 20),
  form('shpat_', PLAIN, 20),
  form('shpss_', PLAIN, 20),
  form('sq0csp-', ANY, 20),
  form('lin_api_', PLAIN, 20),
  form('AGE-SECRET-KEY-1', 'A-Z0-9', 20),
  // Parley.
  form('pk_', `${PLAIN}_`, 24),
  form('prt_', ANY, 20),
  // Tokens that are signed: header, claims and signature.
  form('eyJ', `${ANY}.`, 24),
];

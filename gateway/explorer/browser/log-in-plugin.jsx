import { Button } from '@graphiql/react';
import { useState, useSyncExternalStore } from 'react';

/** @typedef {import('./session.js').Session} Session */

/**
 * A panel that logs in with e-mail and password, so that nobody has to paste tokens.
 * @param {Session} session
 * @returns {import('@graphiql/react').GraphiQLPlugin}
 */
export function createLogInPlugin(session) {
  return { title: 'Log in', icon: PersonIcon, content: () => <LogInPanel session={session} /> };
}

/** @param {{session: Session}} props */
function LogInPanel({ session }) {
  const logIn = useSyncExternalStore(session.onChange, session.current);
  // It is forgotten here either way; a session that the server could not be told of runs out by itself.
  const leave = () => void session.logOut().catch(() => {});
  return (
    <section className="parley-log-in">
      <h2 className="parley-log-in-title">{logIn ? 'Logged in' : 'Log in'}</h2>
      {logIn ? <LoggedIn name={logIn.name} onLeave={leave} /> : <LogInForm session={session} />}
    </section>
  );
}

/** @param {{name: string, onLeave: () => void}} props */
function LoggedIn({ name, onLeave }) {
  return (
    <>
      <p className="parley-log-in-name">{name}</p>
      <p>
        Every tab sends your token, in requests and subscriptions alike, unless its headers have an Authorization. It is
        renewed for as long as you stay.
      </p>
      <Button type="button" onClick={onLeave}>
        Log out
      </Button>
    </>
  );
}

/** @param {{session: Session}} props */
function LogInForm({ session }) {
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  const submit = async (/** @type {import('react').FormEvent<HTMLFormElement>} */ event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setProblem('');
    try {
      await session.logIn(String(fields.get('email')), String(fields.get('password')));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit}>
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <Button type="submit" disabled={isBusy}>
        Log in
      </Button>
      {problem && (
        <p role="alert" className="parley-log-in-problem">
          {problem}
        </p>
      )}
      <p>
        With an API key, put <code>{'{"Authorization": "Bearer pk_…"}'}</code> into the Headers of a tab instead.
      </p>
    </form>
  );
}

/** @param {import('react').SVGProps<SVGSVGElement>} props */
function PersonIcon(props) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: the button that it is put into has a label
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <circle cx="12" cy="8" r="4" />
      <path d="M4 20c1.4-4 4.4-6 8-6s6.6 2 8 6" strokeLinecap="round" />
    </svg>
  );
}

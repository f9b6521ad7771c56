import { describe, expect, test } from 'vitest';
import { runWaybill } from '../harness/command.ts';
import { shareServer, startServer } from '../harness/server.ts';
import { createUser, expectProblem, newPerson, ownId, PASSWORD, signIn } from './stage.ts';

const server = shareServer();
const newEmail = () => `${ownId()}@example.com`;

describe('a user', () => {
  test('is created, read, changed and deleted', async () => {
    const email = newEmail();
    const body = { email, name: 'Ada', role: 'viewer', password: PASSWORD };
    const created = await server().call('POST', '/users', body);
    expect(created.status).toBe(201);
    const { id } = created.body;
    expect(created.body).toEqual({
      id: expect.stringMatching(/^usr_/),
      email,
      name: 'Ada',
      role: 'viewer',
      createdAt: expect.stringMatching(/Z$/),
      lastSignInAt: null,
    });
    expect(created.headers.get('location')).toBe(`/api/v1/users/${id}`);
    expect((await server().call('GET', `/users/${id}`)).body).toEqual(created.body);
    const changed = await server().call('PATCH', `/users/${id}`, { name: 'Ada L.', role: 'operator' });
    expect(changed).toMatchObject({ status: 200, body: { ...created.body, name: 'Ada L.', role: 'operator' } });
    expect((await server().call('GET', `/users/${id}`)).body).toEqual(changed.body);
    expect((await server().call('DELETE', `/users/${id}`)).status).toBe(204);
    expectProblem(await server().call('GET', `/users/${id}`), 404, 'not_found');
    expectProblem(await server().call('PATCH', `/users/${id}`, { name: 'x' }), 404, 'not_found');
    expectProblem(await server().call('DELETE', `/users/${id}`), 404, 'not_found');
  });

  test('is the only one with their e-mail address, however it is written', async () => {
    const { email } = await createUser(server());
    const other = await createUser(server());
    const body = { email: email.toUpperCase(), name: 'x', role: 'viewer', password: PASSWORD };
    expectProblem(await server().call('POST', '/users', body), 422, 'validation_failed', ['/email']);
    const taken = await server().call('PATCH', `/users/${other.id}`, { email: email.toUpperCase() });
    expectProblem(taken, 422, 'validation_failed', ['/email']);
    const respelt = await server().call('PATCH', `/users/${other.id}`, { email: other.email.toUpperCase() });
    expect(respelt).toMatchObject({ status: 200, body: { email: other.email.toUpperCase() } });
    await signIn(server(), other.email);
  });

  test.each<[what: string, members: object, status: number, pointer: string]>([
    ['an e-mail address without @', { email: 'nobody' }, 422, '/email'],
    ['two e-mail addresses', { email: 'a@example.com, b@example.com' }, 422, '/email'],
    ['an e-mail address that is too long', { email: `${'x'.repeat(250)}@example.com` }, 422, '/email'],
    ['no name', { name: '' }, 422, '/name'],
    ['a name that is too long', { name: 'x'.repeat(201) }, 422, '/name'],
    ['a role that there is not', { role: 'root' }, 422, '/role'],
    ['a password that is too short', { password: 'eleven char' }, 422, '/password'],
    ['a password that is too long', { password: 'x'.repeat(1_025) }, 422, '/password'],
    ['a password that everybody has', { password: 'Password1234' }, 422, '/password'],
    [
      'their e-mail address for a password',
      { email: 'ada@example.com', password: 'Ada@Example.com' },
      422,
      '/password',
    ],
    ['a number for a password', { password: 123456789012 }, 400, '/password'],
    ['null for a name', { name: null }, 400, '/name'],
    ['an unknown member', { isAdmin: true }, 400, '/isAdmin'],
  ])('with %s is refused, also as a change', async (_what, members, status, pointer) => {
    const { id } = await createUser(server());
    const body = { email: newEmail(), name: 'x', role: 'viewer', password: PASSWORD, ...members };
    expectProblem(await server().call('POST', '/users', body), status, 'validation_failed', [pointer]);
    const before = await server().call('GET', `/users/${id}`);
    expectProblem(await server().call('PATCH', `/users/${id}`, members), status, 'validation_failed', [pointer]);
    expect((await server().call('GET', `/users/${id}`)).body).toEqual(before.body);
  });

  test('with names of 200 characters in any script keeps them as they are', async () => {
    for (const name of ['م'.repeat(200), '\u202eevil', '<b onclick="x">Ada</b>', 'Ada\u0000Lovelace']) {
      expect((await createUser(server(), 'viewer', { name })).name).toBe(name);
    }
  });

  test('has an ETag that changes with what is set of them, and not when they sign in', async () => {
    const { id, email } = await createUser(server());
    const tag = async () => (await server().call('GET', `/users/${id}`)).headers.get('etag') ?? '';
    const first = await tag();
    await signIn(server(), email);
    await server().call('PATCH', `/users/${id}`, {});
    await server().call('PATCH', `/users/${id}`, { name: 'of a test' });
    expect(await tag()).toBe(first);
    const known = { headers: { 'if-none-match': first } };
    expect((await server().call('GET', `/users/${id}`, undefined, known)).status).toBe(304);
    const changed = await server().call('PATCH', `/users/${id}`, { password: 'another password' });
    expect(changed.headers.get('etag')).toBe(await tag());
    expect(await tag()).not.toBe(first);
    const stale = { headers: { 'if-match': first } };
    const { email: taken } = await createUser(server());
    for (const body of [{ name: 'x' }, { email: taken }, { email: 'nobody' }]) {
      expectProblem(await server().call('PATCH', `/users/${id}`, body, stale), 412, 'precondition_failed');
    }
    expectProblem(await server().call('DELETE', `/users/${id}`, undefined, stale), 412, 'precondition_failed');
    const current = { headers: { 'if-match': await tag() } };
    expect((await server().call('DELETE', `/users/${id}`, undefined, current)).status).toBe(204);
  });
});

describe('somebody who is signed in', () => {
  test('is out at once when they are deleted', async () => {
    const person = await newPerson(server());
    expect((await person.call('GET', '/session')).status).toBe(200);
    await server().call('DELETE', `/users/${person.userId}`);
    expectProblem(await person.call('GET', '/session'), 401, 'unauthorized');
    const { email } = person;
    const again = await server().call('POST', '/session', { email, password: PASSWORD }, { key: null });
    expectProblem(again, 401, 'unauthorized');
  });

  test('has another role, name and address at once', async () => {
    const person = await newPerson(server(), 'operator');
    const email = newEmail();
    await server().call('PATCH', `/users/${person.userId}`, { role: 'viewer', name: 'Eve', email });
    expect((await person.call('GET', '/session')).body.actor).toMatchObject({ role: 'viewer', name: 'Eve', email });
    expectProblem(await person.call('POST', '/events', { type: 'x.y', data: {} }), 403, 'forbidden');
  });

  test('is out at once when an administrator gives them another password', async () => {
    const person = await newPerson(server());
    await server().call('PATCH', `/users/${person.userId}`, { password: 'another password' });
    expectProblem(await person.call('GET', '/session'), 401, 'unauthorized');
    await signIn(server(), person.email, 'another password');
  });

  test('goes on here, and nowhere else, when they are the administrator who changes their own', async () => {
    const admin = await newPerson(server(), 'admin');
    const elsewhere = await signIn(server(), admin.email);
    const body = { password: 'another password' };
    expect((await admin.call('PATCH', `/users/${admin.userId}`, body)).status).toBe(200);
    expect((await admin.call('GET', '/session')).status).toBe(200);
    expectProblem(await elsewhere.call('GET', '/session'), 401, 'unauthorized');
  });

  test('is out within seconds when the password is reset on the command line', async () => {
    const person = await newPerson(server());
    const reset = await runWaybill(['users', 'reset-password', '--email', person.email], {
      cwd: server().dataDir,
      env: { WAYBILL_DATA_DIR: server().dataDir },
    });
    expect(reset).toMatchObject({ exitCode: 0, stderr: '' });
    await expect.poll(async () => (await person.call('GET', '/session')).status).toBe(401);
    await signIn(server(), person.email, reset.stdout.trim());
  });
});

test('the last administrator is neither deleted nor made anything less', async () => {
  const own = await startServer();
  const ada = await newPerson(own, 'admin');
  await createUser(own, 'operator');
  const demote = (id: string) => own.call('PATCH', `/users/${id}`, { role: 'operator', name: 'x' });
  expectProblem(await own.call('DELETE', `/users/${ada.userId}`), 409, 'conflict');
  expectProblem(await demote(ada.userId), 409, 'conflict');
  expectProblem(await ada.call('DELETE', `/users/${ada.userId}`), 409, 'conflict');
  expect((await ada.call('GET', '/session')).body.actor).toMatchObject({ name: 'of a test', role: 'admin' });
  expect((await own.call('PATCH', `/users/${ada.userId}`, { role: 'admin', name: 'Ada' })).status).toBe(200);

  const bob = await newPerson(own, 'admin');
  const both = await Promise.all([own.call('DELETE', `/users/${ada.userId}`), demote(bob.userId)]);
  expect(both.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
  const { items } = (await own.call('GET', '/users')).body;
  expect(items.filter(({ role }: { role: string }) => role === 'admin')).toHaveLength(1);
});

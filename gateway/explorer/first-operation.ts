/** What an explorer shows before anything has been typed: it can be run by anyone, logged in or not. */
export const FIRST_OPERATION = `# Who am I? Without a log-in, viewer is null.
query WhoAmI {
  viewer {
    user {
      id
      name
    }
    organization {
      name
    }
    permissions
  }
}
`;

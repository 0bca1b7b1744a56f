import { PERMISSIONS } from '#core/permission';
import type { Role } from './role.ts';

export const presentRole = ({ id, name, builtIn, description, permissions }: Role) => ({
  id,
  name,
  builtIn,
  description,
  permissions: [...permissions],
});

export const presentPermissions = () =>
  Object.entries(PERMISSIONS).map(([name, description]) => ({ name, description }));

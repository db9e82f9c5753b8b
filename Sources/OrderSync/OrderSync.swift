// OrderSync

// Marketplaces

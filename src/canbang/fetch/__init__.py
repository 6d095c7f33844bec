"""Getting a publisher's own items: files, feeds, sitemaps, sites, and the guard in front of the network."""

"""Everything around the product: brokers and databases, images, manifests."""

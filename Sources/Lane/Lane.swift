// Lane

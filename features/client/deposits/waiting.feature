@client @deposits
Feature: A client that runs for a while does not grow stale

  @DEP-DATE-01 @must
  Rule: every request contains X-Date with the time at which it was made

    Scenario: a client does not keep its first date
      Given a client that is still at work after 6 seconds
      Then every request has a date of its own

  @DEP-DATE-03 @must
  Rule: a date that differs by more than 5 seconds from the time of arrival is blocked

    Scenario: dates stay fresh
      Given a client that is still at work after 6 seconds
      Then X-Date is at most 5 seconds old when it arrives

@client @deposits
Feature: A client dates its requests

  @DEP-DATE-01 @must
  Rule: every request contains X-Date with the time at which it was made

    Scenario: every signed request is dated
      Given a client that works with deposits
      Then every request has a date of its own

  @DEP-DATE-02 @must
  Rule: the date is in UTC

    Scenario: not in the time of the client's own zone
      Given a client that works with deposits
      Then X-Date is in UTC

  @DEP-DATE-03 @must
  Rule: a date that differs by more than 5 seconds from the time of arrival is blocked

    Scenario: dates are fresh
      Given a client that works with deposits
      Then X-Date is at most 5 seconds old when it arrives

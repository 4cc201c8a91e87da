@receiver @cashouts
Feature: A receiver settles a cashout by what the status endpoint says

  @NOTIF-10 @must
  Rule: a cashout is settled by what the status endpoint says, not by its notification

    Scenario: every other status
      Given a receiver that marks a completed cashout as paid
      And cashouts, one in each of these statuses
        | PENDING   |
        | ON_HOLD   |
        | DELIVERED |
        | REJECTED  |
        | CANCELLED |
      When each is notified
      Then none is marked as paid

    Scenario: a form that says COMPLETED, in every other status
      Given a receiver that marks a completed cashout as paid
      And cashouts, one in each of these statuses
        | PENDING   |
        | ON_HOLD   |
        | DELIVERED |
        | REJECTED  |
        | CANCELLED |
      When each is notified with a body that says COMPLETED
      Then none is marked as paid

    Scenario Outline: a status call that fails, of a cashout that is <status>
      Given a receiver that marks a completed cashout as paid
      And cashouts that are <status>, whose status calls are answered 10 times with one of these each
        | 500                                   |
        | 503 without a body                    |
        | 502 with an HTML page                 |
        | 404                                   |
        | 401                                   |
        | 429                                   |
        | 200 with an HTML page                 |
        | 200 without a body                    |
        | 200 with JSON that is cut             |
        | 200 with an error                     |
        | 200 with an empty object              |
        | half of it, and the connection breaks |
        | the connection breaks                 |
      When each is notified 2 times, one after another
      Then none is marked as paid

      Examples:
        | status    |
        | PENDING   |
        | ON_HOLD   |
        | DELIVERED |
        | REJECTED  |
        | CANCELLED |

    Scenario: a status call that is not answered in time
      Given a receiver that marks a completed cashout as paid
      And cashouts that are PENDING, whose status calls are answered 1 times with one of these each
        | none in time |
      When each is notified
      Then none is marked as paid

    Scenario: Completed in other fields of the answer than cashout_status
      Given a receiver that marks a completed cashout as paid
      And cashouts that are PENDING, whose status calls are answered 10 times with one of these each
        | COMPLETED in other fields |
      When each is notified
      Then none is marked as paid

    Scenario: a form with the cashout_id of another
      Given a receiver that marks a completed cashout as paid
      And a cashout that is PENDING
      When a valid notification of a COMPLETED cashout carries its cashout_id instead
      Then it is not marked as paid

    Scenario: a form that names a COMPLETED cashout beside its own external_id
      Given a receiver that marks a completed cashout as paid
      And a cashout that is PENDING
      When its notification carries the cashout_id of a COMPLETED cashout instead
      Then it is not marked as paid

    @observed
    Scenario: COMPLETED after every other status
      Given cashouts, one in each of these statuses
        | PENDING   |
        | DELIVERED |
      When each is notified until the answer is 2xx
      And it becomes COMPLETED
      And each is notified until the answer is 2xx
      Then the report says which are marked as paid

    @observed
    Scenario: a status call that fails, and then does not
      Given cashouts that are COMPLETED, whose status calls are answered 2 times with one of these each
        | 500                                   |
        | 503 without a body                    |
        | 502 with an HTML page                 |
        | 404                                   |
        | 401                                   |
        | 429                                   |
        | 200 with an HTML page                 |
        | 200 without a body                    |
        | 200 with JSON that is cut             |
        | 200 with an error                     |
        | 200 with an empty object              |
        | half of it, and the connection breaks |
        | the connection breaks                 |
      When each is notified until the answer is 2xx
      Then the report says which are marked as paid

    @observed
    Scenario: large cashout ids, a reading of AMB-29
      Given cashouts that are COMPLETED and have these ids
        | 3000000001       |
        | 7294967297       |
        | 9007199254740992 |
        | 9007199254740993 |
      When each is notified until the answer is 2xx
      Then the report says which are marked as paid

@receiver @deposits
Feature: A receiver verifies what it is told about a deposit

  @NOTIF-03 @must
  Rule: the signature of a notification is verified every time

    Scenario: a notification without a signature
      Given a deposit that is COMPLETED
      When it is notified without a signature
      Then only a notification that is right releases it

    Scenario: a later notification without a signature
      Given a receiver that releases a completed deposit
      And a deposit that is EXPIRED
      When it is notified
      And it becomes COMPLETED
      And it is notified without a signature
      Then it is not released

  @NOTIF-02 @must
  Rule: the receiver computes the Authorization of a notification itself and compares

    Scenario Outline: a notification <fault>
      Given a deposit that is COMPLETED
      When it is notified <fault>
      Then only a notification that is right releases it

      Examples:
        | fault                                              |
        | with the last digit of its signature changed       |
        | with its signature in upper case                   |
        | with a signature made with the other product's key |
        | with a signature made with another merchant's key  |
        | with a date a day old                              |
        | with a date an hour ahead                          |
        | with its date changed after it was signed          |

    @observed
    Scenario: a notification with another merchant's X-Login, signed as it is sent
      Given a receiver that releases a completed deposit
      And a deposit that is COMPLETED
      When it is notified with another merchant's X-Login
      Then it is not released

  @DEP-SIG-04 @must
  Rule: the signature is over the bytes of the body as they came

    Scenario Outline: a notification <fault>
      Given a deposit that is COMPLETED
      When it is notified <fault>
      Then only a notification that is right releases it

      Examples:
        | fault                                                 |
        | with white space added after it was signed            |
        | with white space signed that is not sent              |
        | with its id in the place of another's that was signed |

    Scenario: white space that is signed as it is sent
      Given a deposit that is COMPLETED
      When it is notified with white space that is signed
      Then it is released
